"""Whether 中間サーバー is open, and its newest master."""

from datetime import datetime, timedelta

from tasuke.contracts.interface import GET_MASTER, MasterRequest, MidServiceState
from tasuke.contracts.kit import Unreachable
from tasuke.systems.gateway import links
from tasuke.systems.gateway.masters import newest, store_master
from tasuke.systems.gateway.models import ServiceWindow

USING = "gateway"
_ROW = "midserver"
_CHECKED_AFTER = timedelta(minutes=1)  # how old what is kept may be while nothing has changed


def watch(at: datetime) -> MidServiceState:
    """Ask for the service state and keep it. While it is the same, that it was checked is noted once a minute."""
    try:
        state = links.service_state()
    except Unreachable:
        state, reachable = MidServiceState(open=False, note="中間サーバーが応答しません"), False
    else:
        reachable = True
    before = ServiceWindow.objects.using(USING).filter(pk=_ROW).first()
    same = before is not None and (before.open, before.reachable) == (state.open, reachable)
    if before is not None and same and _is_shown(before, state, at):
        return state
    ServiceWindow.objects.using(USING).update_or_create(
        pk=_ROW,
        defaults={
            "open": state.open,
            "reachable": reachable,
            "opens_at": state.opens_at,
            "note": state.note[:300],
            "checked_at": at,
            "since": before.since if before is not None and same else at,
        },
    )
    return state


def _is_shown(before: ServiceWindow, state: MidServiceState, at: datetime) -> bool:
    told = (before.note, before.opens_at) == (state.note[:300], state.opens_at)
    return told and timedelta(0) <= at - before.checked_at < _CHECKED_AFTER


def is_newer(state: MidServiceState, *, known: int) -> bool:
    """Whether there is a newer master; a 中間サーバー that does not say so is asked each time."""
    return state.master_version is None or state.master_version > known


def window() -> ServiceWindow | None:
    """What was found out last; None before the first round."""
    return ServiceWindow.objects.using(USING).filter(pk=_ROW).first()


def take_master(at: datetime, limit: int) -> dict[str, int]:
    """Take a newer master over. Raises Unreachable, Refused."""
    master = links.ask(GET_MASTER, MasterRequest(known=newest(using=USING)))
    return {"masters": int(store_master(master, using=USING, at=at))}
