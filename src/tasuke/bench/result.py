"""What a bench says."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One figure. value and peer in `unit`; ratio: value / peer; peak_mb: largest memory of our process so far."""

    bench: str
    value: float
    unit: str
    target: str
    peer_name: str | None
    peer: float | None
    ratio: float | None
    peak_mb: int
    detail: dict[str, Any] = field(default_factory=dict)


def result(
    bench: str, value: float, unit: str, *, target: str, peer_name: str | None = None, peer: float | None = None,
    **detail: Any,
) -> BenchResult:  # fmt: skip
    """A result with the ratio and the peak memory filled in."""
    return BenchResult(
        bench=bench,
        value=_rounded(value),
        unit=unit,
        target=target,
        peer_name=peer_name,
        peer=_rounded(peer) if peer is not None else None,
        ratio=_rounded(value / peer) if peer else None,
        peak_mb=peak_mb(),
        detail=detail,
    )


def _rounded(value: float) -> float:
    return round(value, 4) if abs(value) < 100 else round(value)


def peak_mb() -> int:
    """Largest resident memory of this process so far, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def seconds(work: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], Any], *, runs: int, warm_up: int = 1) -> float:
    """Median wall seconds of several calls after a warm-up."""
    for _ in range(warm_up):
        work()
    return statistics.median(seconds(work) for _ in range(runs))
