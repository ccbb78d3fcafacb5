"""What each system of this process offers and does by itself."""

import importlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, cast

from tasuke.contracts.kit import Handlers, Refused, Unreachable
from tasuke.deploy.clock import TOKYO
from tasuke.platform.database.systems import ALL_SYSTEMS
from tasuke.platform.transport.retention import tidy

Counts = Mapping[str, int]
Turn = Callable[[datetime], Counts]
_CALLED = frozenset(ALL_SYSTEMS) - {"accounts"}  # whom others call, or who sends
_tidied: dict[str, date] = {}  # the day on which this process did it last: another process may do it too


def handlers_of(system: str) -> Handlers:
    """What a system offers to others; empty for one that only asks."""
    if system == "accounts":
        return {}
    room = "subsidy.sharing" if system == "subsidy" else system
    module = importlib.import_module(f"tasuke.systems.{room}.api")
    return cast("Handlers", module.HANDLERS)


def turn_of(system: str) -> Turn:
    """One turn of everything that a system does again and again; the first of a day also lets old calls go."""

    def turn(at: datetime) -> Counts:
        counts = _TURNS[system](at)
        day = at.astimezone(TOKYO).date()
        if system in _CALLED and _tidied.get(system) != day:
            counts = {**counts, **tidy(using=system, at=at)}
            _tidied[system] = day
        return counts

    return turn


def _subsidy(at: datetime) -> Counts:
    counts = dict(_module("subsidy.inquiries.rounds").exchange(using="subsidy", at=at))
    if _module("subsidy.registry.links").welfare_is_there():
        counts |= _module("subsidy.registry.rounds").receive_changes(using="subsidy", at=at)
    return counts


def _welfare(at: datetime) -> Counts:
    rounds = _module("welfare.rounds")
    counts = {"loaded": 0}
    try:
        if rounds.is_behind(using="welfare", at=at):
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
