"""What the trail costs of a request: each page twice in a row, with its trail and without, in processor time.

Wall time on a machine with neighbours says little about a few per cent. Here the pages of a pair follow each other in
changing order, and what counts is what this process and its two backends of PostgreSQL computed for them.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tasuke.bench.cpu_time import process_ns
from tasuke.bench.office_users import WORK, Clerk

_PAIRS, _WARM = 120, 8  # of each kind of page


@dataclass(frozen=True, slots=True)
class _Spent:
    """Of one request: processor time and wall time in milliseconds."""

    cpu: float
    wall: float


def audit_cost(clerk: Clerk) -> dict[str, Any]:
    """For each kind of page: cpu_ms without a trail, added_ms, share (added / without), wall_added_ms (with the commit
    that waits for the disk); share of a look of the mix on top."""
    from tasuke.platform.access.testing import signed_in

    browser = signed_in("reviewer", personal_id="bench-audit")
    chance = random.Random(7)  # noqa: S311
    kinds = {kind: _measure(_pages(browser, clerk, kind), chance) for kind in dict.fromkeys(WORK)}
    weights = {kind: WORK.count(kind) for kind in kinds}
    added = sum(kinds[kind]["added_ms"] * weight for kind, weight in weights.items())
    plain = sum(kinds[kind]["cpu_ms"] * weight for kind, weight in weights.items())
    return {"share": round(added / plain, 4), "pairs": _PAIRS, **kinds}


def _pages(browser: Any, clerk: Clerk, kind: str) -> Callable[[int], None]:
    """Opens the n-th page of a kind; a search is the question and its answer."""
    paths = {"claims": ["/claims/queries/"], "household": [f"/persons/{number}/" for number in clerk.numbers]}

    def show(place: int) -> None:
        if kind == "search":
            browser.post("/persons/", {"q": clerk.questions[place % len(clerk.questions)][1]})
        path = "/persons/" if kind == "search" else paths[kind][place % len(paths[kind])]
        if browser.get(path).status_code != 200:
            raise RuntimeError(f"{path} does not answer")

    return show


def _measure(show: Callable[[int], None], chance: random.Random) -> dict[str, float]:
    with_trail: list[_Spent] = []
    without: list[_Spent] = []
    for place in range(-_WARM, _PAIRS):
        order = [True, False]
        chance.shuffle(order)
        for trail in order:
            spent = _spent(show, abs(place), trail=trail)
            if place >= 0:
                (with_trail if trail else without).append(spent)
    plain = statistics.median(spent.cpu for spent in without)
    added = _middle([a.cpu - b.cpu for a, b in zip(with_trail, without, strict=True)])
    waited = _middle([a.wall - b.wall for a, b in zip(with_trail, without, strict=True)])
    return {
        "cpu_ms": round(plain, 3),
        "added_ms": round(added, 3),
        "share": round(added / plain, 4),
        "wall_added_ms": round(waited, 3),
    }


def _middle(values: Sequence[float]) -> float:
    """Mean of the middle half: what a neighbour or a collection of garbage did to a pair falls away on both sides."""
    cut = len(values) // 4
    return statistics.fmean(sorted(values)[cut : len(values) - cut])


def _spent(show: Callable[[int], None], place: int, *, trail: bool) -> _Spent:
    from tasuke.platform.audit import Recorder

    silent = nullcontext() if trail else patch.object(Recorder, "flush", lambda self, using: 0)
    with silent:
        wall, cpu = time.perf_counter_ns(), _computed()
        show(place)
        return _Spent((_computed() - cpu) / 1e6, (time.perf_counter_ns() - wall) / 1e6)


def _computed() -> int:
    """Nanoseconds of this process and of the backends that answer it."""
    from django.db import connections

    total = time.process_time_ns()
    for name in ("subsidy", "accounts"):
        connections[name].ensure_connection()
        total += process_ns(connections[name].connection.info.backend_pid)
    return total
