"""The system that the desk asks by 個人番号. The number goes out sealed to its key and is kept nowhere here."""

from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.kit import Unreachable
from tasuke.contracts.unified import (
    FIND_BY_MY_NUMBER,
    MATCH_MY_NUMBER,
    Empty,
    FindReply,
    FindRequest,
    MatchReply,
    MatchRequest,
)
from tasuke.platform.transport.links import NotBound, link_to
from tasuke.systems.subsidy.desk.typed_number import TypedNumber

PROVIDER, CONSUMER = "unified_id", "subsidy"
BUSINESS_ID = "900"  # 独自施策システム等ID of 医療費助成 in this installation


def match_my_number(*, atena_no: str, number: TypedNumber, personal_id: str, purpose: str) -> MatchReply:
    """Does this person have this number? Raises Unreachable (also where an installation has no 団体内統合宛名),
    Refused."""
    request = MatchRequest(
        atena_no=atena_no, my_number_sealed=_sealed(number), personal_id=personal_id, purpose=purpose
    )
    return link_to(PROVIDER, consumer=CONSUMER).call(MATCH_MY_NUMBER, request)


def find_by_my_number(*, number: TypedNumber, personal_id: str, purpose: str) -> FindReply:
    """Whose number is it, among the people of this business? Raises Unreachable, Refused."""
    request = FindRequest(
        business_id=BUSINESS_ID, my_number_sealed=_sealed(number), personal_id=personal_id, purpose=purpose
    )
    return link_to(PROVIDER, consumer=CONSUMER).call(FIND_BY_MY_NUMBER, request)


def _sealed(number: TypedNumber) -> str:
    try:
        link = link_to(PROVIDER, consumer=CONSUMER)
    except NotBound as error:
        raise Unreachable(str(error)) from None
    first = link.call(SEALING_KEYS, Empty()).keys[0]
    return number.sealed_for({**first.jwk, "kid": first.kid})
