"""What each system of this process offers and does by itself."""

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from tasuke.contracts.kit import Handlers, Refused, Unreachable

Counts = Mapping[str, int]
Turn = Callable[[datetime], Counts]


def handlers_of(system: str) -> Handlers:
    """What a system offers to others; empty for one that only asks."""
    if system in ("subsidy", "accounts"):
        return {}
    module = importlib.import_module(f"tasuke.systems.{system}.api")
    return cast("Handlers", module.HANDLERS)


def turn_of(system: str) -> Turn:
    """One turn of everything that a system does again and again."""
    return _TURNS[system]


def _subsidy(at: datetime) -> Counts:
    counts = dict(_module("subsidy.inquiries.rounds").exchange(using="subsidy", at=at))
    if _module("subsidy.registry.links").welfare_is_there():
        counts |= _module("subsidy.registry.rounds").receive_changes(using="subsidy", at=at)
    return counts


def _welfare(at: datetime) -> Counts:
    rounds = _module("welfare.rounds")
    counts = {"loaded": 0}
    try:
        counts["loaded"] = rounds.load(using="welfare", at=at)
        caught_up = rounds.catch_up(using="welfare", at=at)
        caught_up.pop("applied", None)  # a position, not a count
        counts |= caught_up
    except (Unreachable, Refused):
        counts["unreachable"] = 1
    counts |= rounds.tell_numbers(using="welfare", at=at)
    return counts


def _resident(at: datetime) -> Counts:
    return cast("Counts", _module("resident.rounds").push(using="resident", at=at))


def _whole_round(system: str) -> Turn:
    def turn(at: datetime) -> Counts:
        return cast("Counts", _module(f"{system}.rounds").run_round(at))

    return turn


def _nothing(at: datetime) -> Counts:
    return {}


def _module(name: str) -> Any:
    return importlib.import_module(f"tasuke.systems.{name}")


_TURNS: Mapping[str, Turn] = {
    "subsidy": _subsidy,
    "accounts": _nothing,
    "resident": _resident,
    "welfare": _welfare,
    "unified_id": _whole_round("unified_id"),
    "gateway": _whole_round("gateway"),
    "midserver": _whole_round("midserver"),
    "nis": _whole_round("nis"),
}
