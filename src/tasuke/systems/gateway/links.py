"""Whom the gateway asks: 団体内統合宛名 for numbers, 中間サーバー for what is outside. Nobody outside asks it."""

from collections.abc import Sequence
from hashlib import sha256

from tasuke.contracts import interface as mid
from tasuke.contracts.kit import Message, Operation, Q, R
from tasuke.contracts.unified import (
    PENDING_CODES,
    PUT_CODE_PROGRESS,
    TO_ATENA,
    TO_UNIFIED,
    CodeProgressRequest,
    Converted,
    Empty,
    PendingCodes,
    PendingCodesRequest,
    ToAtenaRequest,
    ToUnifiedRequest,
)
from tasuke.platform.transport.links import link_to

SYSTEM = "gateway"
UNIFIED = "unified_id"
MIDSERVER = "midserver"
# what one call carries: the contracts' own limit is 10,000
MOST = 10_000


def to_unified(business_id: str, atena_nos: Sequence[str]) -> Converted:
    """統合宛名番号 and state of 符号 of each. Raises Unreachable, Refused."""
    request = ToUnifiedRequest(business_id=business_id, atena_nos=tuple(atena_nos))
    return link_to(UNIFIED, consumer=SYSTEM).call(TO_UNIFIED, request)


def to_atena(business_id: str, unified_nos: Sequence[str]) -> Converted:
    """宛名番号 of the business of each. Raises Unreachable, Refused."""
    request = ToAtenaRequest(business_id=business_id, unified_nos=tuple(unified_nos))
    return link_to(UNIFIED, consumer=SYSTEM).call(TO_ATENA, request)


def pending_codes(limit: int) -> PendingCodes:
    """Numbers that need a 符号, and numbers out of use. Raises Unreachable, Refused."""
    return link_to(UNIFIED, consumer=SYSTEM).call(PENDING_CODES, PendingCodesRequest(limit=min(limit, MOST)))


def put_progress(request: CodeProgressRequest, *, salt: str) -> None:
    """Tell what became of 符号 requests. salt: what tells two equal messages apart. Raises Unreachable, Refused."""
    link_to(UNIFIED, consumer=SYSTEM).call(PUT_CODE_PROGRESS, request, key=_key(request, salt))


def ask(operation: Operation[Q, R], request: Q) -> R:
    """Ask 中間サーバー something that changes nothing. Raises Unreachable, Refused."""
    return link_to(MIDSERVER, consumer=SYSTEM).call(operation, request)


def tell(operation: Operation[Q, R], request: Q, *, salt: str = "") -> R:
    """Send 中間サーバー something that changes it. The same request has the same key: sent again, it is done once.

    salt: what tells apart two messages with the same content that must both be done (set, lifted, set again).
    Raises Unreachable, Refused.
    """
    return link_to(MIDSERVER, consumer=SYSTEM).call(operation, request, key=_key(request, salt))


def service_state() -> mid.MidServiceState:
    """稼動状態. Raises Unreachable, Refused."""
    return ask(mid.MID_SERVICE_STATE, Empty())


def _key(request: Message, salt: str) -> str:
    return sha256(f"{salt}|{request.model_dump_json()}".encode()).hexdigest()
