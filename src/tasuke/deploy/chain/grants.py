"""Who may call what: the only list of it. A consumer gets a client of the provider with just these scopes."""

from collections.abc import Mapping
from typing import Any

from tasuke.contracts.distribution import CONFIRM, PULL, PUSH, PUT_EVENTS, PUT_HOUSEHOLDS, SNAPSHOT
from tasuke.contracts.inquiry import INQUIRY
from tasuke.contracts.interface import INTERFACE
from tasuke.contracts.keys import SEALING_KEYS
from tasuke.contracts.kit import Operation
from tasuke.contracts.mediation import MEDIATION, WANT_CODES
from tasuke.contracts.sharing import SHARE
from tasuke.contracts.unified import (
    FIND_BY_MY_NUMBER,
    MATCH_MY_NUMBER,
    PENDING_CODES,
    PUT_CODE_PROGRESS,
    REGISTER,
    SHOW_MY_NUMBER,
    TO_ATENA,
    TO_UNIFIED,
)
from tasuke.contracts.welfare import ASSIGN_NONRESIDENT, CHANGES, SEARCH_PERSONS

Operations = tuple[Operation[Any, Any], ...]

# (provider, consumer) → operations. The gateway has no consumer outside the city, and nobody but a body's 中間サーバー
# reaches the national side: requests leave the city outward only.
GRANTS: Mapping[tuple[str, str], Operations] = {
    ("resident", "register"): (PUT_EVENTS,),  # 住民記録, the city's own and none of ours
    ("resident", "unified_id"): (PULL, CONFIRM, SNAPSHOT),
    ("resident", "welfare"): (PULL, CONFIRM, SNAPSHOT),
    ("unified_id", "resident"): (PUSH, REGISTER, SEALING_KEYS),
    ("unified_id", "welfare"): (REGISTER, SEALING_KEYS),
    ("unified_id", "subsidy"): (MATCH_MY_NUMBER, FIND_BY_MY_NUMBER, SHOW_MY_NUMBER, SEALING_KEYS),
    ("unified_id", "gateway"): (TO_UNIFIED, TO_ATENA, PENDING_CODES, PUT_CODE_PROGRESS),
    ("welfare", "resident"): (PUSH,),
    ("welfare", "subsidy"): (CHANGES, ASSIGN_NONRESIDENT, SEARCH_PERSONS),
    ("subsidy", "severe_disability"): (SHARE,),  # 庁内移転: other departments' systems, none of ours
    ("subsidy", "child_medical"): (SHARE,),
    ("gateway", "subsidy"): INQUIRY.operations,
    ("gateway", "resident"): (PUT_HOUSEHOLDS,),
    ("midserver", "gateway"): INTERFACE.operations,
    ("nis", "midserver"): MEDIATION.operations,
    ("nis", "unified_id"): (WANT_CODES, SEALING_KEYS),
}
# consumers that call as a body: the provider tells bodies apart by their clients
AS_A_BODY = frozenset({("midserver", "gateway"), ("nis", "midserver"), ("nis", "unified_id")})


def scopes_of(provider: str, consumer: str) -> frozenset[str]:
    """Scopes of a consumer at a provider."""
    return frozenset(operation.scope for operation in GRANTS[provider, consumer])
