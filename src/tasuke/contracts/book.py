"""Every contract, and where each operation belongs."""

from typing import Any

from tasuke.contracts.distribution import DISTRIBUTION, HOUSEHOLDS, REGISTER_EVENTS, RESIDENT_EVENTS
from tasuke.contracts.inquiry import INQUIRY
from tasuke.contracts.interface import INTERFACE
from tasuke.contracts.keys import KEYS
from tasuke.contracts.kit import Contract, Operation
from tasuke.contracts.mediation import JUKI, MEDIATION
from tasuke.contracts.sharing import SHARING
from tasuke.contracts.unified import UNIFIED
from tasuke.contracts.welfare import WELFARE

CONTRACTS: tuple[Contract, ...] = (
    REGISTER_EVENTS,
    DISTRIBUTION,
    RESIDENT_EVENTS,
    HOUSEHOLDS,
    WELFARE,
    UNIFIED,
    INQUIRY,
    INTERFACE,
    MEDIATION,
    JUKI,
    KEYS,
    SHARING,
)


def operation_at(contract: str, version: int, name: str) -> Operation[Any, Any] | None:
    """The operation behind an address, or None."""
    return next(
        (o for c in CONTRACTS for o in c.operations if (o.contract, o.version, o.name) == (contract, version, name)),
        None,
    )
