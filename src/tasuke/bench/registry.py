"""Every bench by name. Each runs in a process of its own, so that its peak memory is its own."""

import importlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tasuke.bench.result import BenchResult

# name → module below tasuke.bench; each has `measure(scale: float) -> BenchResult`
BENCHES = {
    "assess": "assess",
    "assess-one": "assess_one",
    "audit-request": "audit_request",
    "audit-verify": "audit",
    "claims-month": "claims_month",
    "certificates": "certificates",
    "inquiries-bulk": "inquiries_bulk",
    "inquiry": "inquiry",
    "office": "office",
    "resident-events": "resident_events",
    "residents": "residents",
    "transfers": "transfers",
    "unified-numbers": "unified_numbers",
}


class UnknownBench(LookupError):
    """No bench of this name."""


def run_benches(name: str | None, *, scale: float) -> Iterator[BenchResult]:
    """Run one bench, or all. scale: 1 is the target's size. Raises UnknownBench."""
    if name is not None and name not in BENCHES:
        raise UnknownBench(f"「{name}」はありません: {', '.join(BENCHES)}")
    for module in [BENCHES[name]] if name else BENCHES.values():
        # not a multiprocessing.Pool: its workers may not start processes of their own
        with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool.submit(_measure, module, scale).result()


def _measure(module: str, scale: float) -> BenchResult:
    found: BenchResult = importlib.import_module(f"tasuke.bench.{module}").measure(scale)
    return found
