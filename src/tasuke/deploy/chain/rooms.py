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


def _each_round(system: str, limit: int) -> Turn:
    def turn(at: datetime) -> Counts:
        counts: dict[str, int] = {}
        for one in _module(f"{system}.rounds").ROUNDS.values():
            for name, count in one(at, limit).items():
                counts[name] = counts.get(name, 0) + count
        return counts

    return turn


def _midserver(at: datetime) -> Counts:
    """All rounds; when letters came, what they call for goes out at once, and what that brings comes in."""
    counts = dict(_each_round("midserver", 10_000)(at))
    if counts.get("letters_received"):
        rounds = _module("midserver.rounds")
        for one in (rounds.send_mail, rounds.fetch_mail):
            for name, count in one(at).items():
                counts[name] = counts.get(name, 0) + count
    return counts


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
    "midserver": _midserver,
    "nis": _each_round("nis", 10_000),
}
