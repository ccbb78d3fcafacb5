"""office: pages a second of the served site on a whole city, fifty people at work; beside it a static file.

The city has 2,000,000 residents, about 300,000 recipients and 4,000,000 claims (scale 1). The site is the real one:
granian on the loopback address, sessions, permissions and the trail on. People sign in with PIN and one-time code.
The figure is at saturation (nobody thinks); what fifty people feel who do think stands in the detail.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tasuke.bench.cpu_time import family_seconds, parent_of
from tasuke.bench.database import in_own_process
from tasuke.bench.office_audit import audit_cost
from tasuke.bench.office_city import CLAIMS_A_MONTH, RESIDENTS, stand_city
from tasuke.bench.office_people import make_clerks
from tasuke.bench.office_statements import statements_of_pages
from tasuke.bench.office_users import Clerk, Load, Look, sign_in, static_pages, work_at
from tasuke.bench.result import BenchResult, result

USERS = 50
_THINK = 5.0  # seconds: somebody who reads what they asked for
_WARM, _CALM, _FULL, _ALONE = 8, 60, 40, 15
_STATIC = "/static/ui/office.css"


def measure(scale: float) -> BenchResult:
    """Pages a second at saturation; latencies, statements and the trail's share in the detail."""
    os.environ |= {"TASUKE_REQUIRE_TERMINAL": "0", "TASUKE_IDLE_MINUTES": "60", "TASUKE_PROFILE": "sapporo"}
    os.environ |= {"TASUKE_HOSTS": "testserver,127.0.0.1", "TASUKE_PLAIN_HTTP": "1"}
    counts = stand_city(int(RESIDENTS * scale), int(CLAIMS_A_MONTH * scale))
    clerks = make_clerks(USERS)
    pages, audit = statements_of_pages(clerks[0]), audit_cost(clerks[0])
    postmaster = _postmaster()
    with _site() as (port, server):
        cookies = in_own_process(_sign_in_all, port, clerks)
        desk = _Desk(port, clerks, cookies)
        desk.work(Load(_WARM))
        calm = desk.work(Load(_CALM, think=_THINK))
        before = family_seconds(server), family_seconds(postmaster)
        full = desk.work(Load(_FULL))
        spent = family_seconds(server) - before[0], family_seconds(postmaster) - before[1]
        alone = desk.work(Load(_ALONE), users=1)
        static = in_own_process(static_pages, port, _STATIC, USERS, 5.0)
    rate = len(full) / _FULL
    return result(
        "office", rate, "pages/s", target=">= 50 on 2 cores", peer_name="a static file by the same server", peer=static,
        **counts, users=USERS, think_seconds=_THINK, thinking=_table(calm, _CALM), saturated=_table(full, _FULL),
        one_user=_table(alone, _ALONE), audit_cost=audit, pages=pages,
        cpu_ms_a_look={"server": _each(spent[0], full), "database": _each(spent[1], full)},
        targets="p95 in ms: search 100, household 200, claims 200; statements <= 15; audit <= 0.10",
    )  # fmt: skip


class _Desk:
    """The people, signed in, at one site."""

    def __init__(self, port: int, clerks: Sequence[Clerk], cookies: Sequence[dict[str, str]]) -> None:
        self._port, self._clerks, self._cookies = port, clerks, cookies

    def work(self, load: Load, *, users: int = USERS) -> list[Look]:
        """What so many people saw."""
        found: list[Look] = in_own_process(work_at, self._port, self._clerks[:users], self._cookies[:users], load)
        return found


def _each(seconds: float, looks: Sequence[Look]) -> float:
    """Milliseconds a look."""
    return round(seconds / len(looks) * 1000, 2)


def _postmaster() -> int:
    """The process above all backends of the embedded server."""
    from django.db import connections

    connections["subsidy"].ensure_connection()
    return parent_of(connections["subsidy"].connection.info.backend_pid)


def _sign_in_all(port: int, clerks: Sequence[Clerk]) -> list[dict[str, str]]:
    return [sign_in(port, clerk) for clerk in clerks]


def _table(looks: Sequence[Look], seconds: float) -> dict[str, Any]:
    """p50, p95 and the slowest in milliseconds of each kind of page."""
    groups: dict[str, list[float]] = {}
    for look in looks:
        groups.setdefault(look.what, []).append(look.seconds * 1000)
        if look.kind:
            groups.setdefault(f"search by {look.kind}", []).append(look.seconds * 1000)
    rows: dict[str, Any] = {"looks_per_second": round(len(looks) / seconds, 1)}
    for name, times in sorted(groups.items()):
        cuts = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        shown = {"p50": statistics.median(times), "p95": cuts[18], "max": max(times)}
        rows[name] = {"n": len(times)} | {key: round(value, 1) for key, value in shown.items()}
    return rows


@contextmanager
def _site() -> Iterator[tuple[int, int]]:
    """The site on a free port: (port, process); gone afterwards."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = int(s.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "tasuke.bench.office_server", str(port)])
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own address
                if answer.status == 200:
                    return
        except OSError:
            if process.poll() is not None:
                raise
            time.sleep(0.5)
    raise TimeoutError(url)
