"""Whom 団体内統合宛名 asks: the residents' distribution for missing events, the asking systems for their keys."""

from tasuke.contracts.distribution import CONFIRM, PULL, Events, PullRequest, Received
from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.unified import Empty
from tasuke.platform.transport.links import is_bound, link_to

SYSTEM = "unified_id"
RESIDENT = "resident"
JUKI = "nis"  # 住基GW, behind it 住基ネット (stand-in)


def resident_is_bound() -> bool:
    """Whether this installation takes events from a distribution."""
    return is_bound(RESIDENT, consumer=SYSTEM)


def pull_events(*, after: int, limit: int) -> Events:
    """Events after a sequence number. Raises Unreachable, Refused."""
    return link_to(RESIDENT, consumer=SYSTEM).call(PULL, PullRequest(after=after, limit=limit))


def confirm_events(*, applied: int) -> None:
    """Tell the distribution how far we are. Raises Unreachable, Refused."""
    request = Received(applied=applied, missing_from=None)
    link_to(RESIDENT, consumer=SYSTEM).call(CONFIRM, request, key=f"unified_id-confirm-{applied}")


def sealing_jwk_of(system: str) -> dict[str, str]:
    """The public key for values to this system, with its kid. Raises Unreachable, Refused, NotBound."""
    first = link_to(system, consumer=SYSTEM).call(SEALING_KEYS, Empty()).keys[0]
    return {**first.jwk, "kid": first.kid}
