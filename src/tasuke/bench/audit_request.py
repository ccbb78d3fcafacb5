"""audit-request: what the audit trail adds to a page that shows persons; beside it the same page without a trail.

The figure holds for a busy server: while one request waits until the disk has its rows, the others compute, and
PostgreSQL brings the rows of several requests to the disk at once. What a single user waits stands in the detail.
"""

import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import count
from typing import Any
from unittest.mock import patch

from tasuke.bench.database import in_own_process, own_database
from tasuke.bench.importing import timed_import
from tasuke.bench.residents import write_residents
from tasuke.bench.result import BenchResult, result, seconds

_RESIDENTS = 20_000
_THREADS = 8  # as many as a server process may have (deploy/serving.py)
_PAGES, _ROUNDS = 160, 9
_SINGLE = 100


def measure(scale: float) -> BenchResult:
    """Median milliseconds per household page, audit rows written and committed, several users at once."""
    os.environ |= {"TASUKE_HOSTS": "testserver", "TASUKE_PLAIN_HTTP": "1", "TASUKE_REQUIRE_TERMINAL": "0"}
    with own_database("audit_request", profile="sapporo") as folder:
        timed_import("residents", in_own_process(write_residents, int(_RESIDENTS * scale), folder))
        from tasuke.platform.access.testing import signed_in

        desk = _Desk(signed_in("clerk"), _numbers())
        recorded, plain = _in_turns(lambda: desk.crowd(_PAGES) / _PAGES, _ROUNDS)
        alone_recorded, alone_plain = _in_turns(lambda: seconds(desk.show), _SINGLE)
        events = _events()
    return result(
        "audit-request", recorded * 1000, "ms", target="ratio <= 1.10", peer_name="the same page without audit",
        peer=plain * 1000, added_ms=round((recorded - plain) * 1000, 3), users=_THREADS, page="household",
        one_user_ms=round(alone_recorded * 1000, 2), one_user_without_ms=round(alone_plain * 1000, 2), events=events,
    )  # fmt: skip


class _Desk:
    """Shows one household after the other, to one user or to several."""

    def __init__(self, browser: Any, numbers: list[str]) -> None:
        self._browser, self._numbers, self._at = browser, numbers, count()

    def show(self) -> None:
        """One page; a fresh browser per page, since browsers are not made for threads."""
        from django.test import Client
        from django.urls import reverse

        browser = Client()
        browser.cookies = self._browser.cookies
        number = self._numbers[next(self._at) % len(self._numbers)]
        response = browser.get(reverse("persons:household", args=[number]))
        if response.status_code != 200:
            raise RuntimeError(f"the page of the bench answers {response.status_code}")

    def crowd(self, pages: int) -> float:
        """Seconds for so many pages, several at a time; connections are made before the clock runs."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda _: self.show(), range(_THREADS * 2)))
            taken = seconds(lambda: list(pool.map(lambda _: self.show(), range(pages))))
            list(pool.map(lambda _: _close(), range(_THREADS * 4)))
        return taken


def _in_turns(work: Any, rounds: int) -> tuple[float, float]:
    """Medians with and without the trail, taken in turns, so that both meet the same machine."""
    from tasuke.platform.audit import Recorder

    found: dict[bool, list[float]] = {True: [], False: []}
    work()
    for _ in range(rounds):
        for with_trail in (True, False):
            silent = nullcontext() if with_trail else patch.object(Recorder, "flush", lambda self, using: 0)
            with silent:
                found[with_trail].append(work())
    return statistics.median(found[True]), statistics.median(found[False])


def _close() -> None:
    from django.db import connections

    connections.close_all()


def _numbers() -> list[str]:
    from tasuke.systems.subsidy.registry.models import ResidentRecord

    living = ResidentRecord.objects.using("subsidy").filter(resident_status="1").order_by("id")
    return list(living.values_list("atena_no", flat=True)[:500])


def _events() -> int:
    from tasuke.platform.audit.models import AuditEvent

    return int(AuditEvent.objects.using("subsidy").count())
