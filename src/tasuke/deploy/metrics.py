"""Counters of all server processes together: each keeps its own in a small shared file, the reader adds them up."""

import mmap
import os
import struct
from pathlib import Path

_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_BOUNDS = (0.05, 0.1, 0.2, 0.5, 1.0, 5.0)  # seconds; the goals of a page are 0.1 and 0.2
_FORM = struct.Struct(f"<{len(_CLASSES)}Q{len(_BOUNDS) + 1}Qd")
_FOLDER = "TASUKE_METRICS_FOLDER"


class Metrics:
    """Counters of this process; in a file of TASUKE_METRICS_FOLDER when the server named one, else in memory."""

    def __init__(self) -> None:
        self._pid = 0
        self._page: mmap.mmap | bytearray = bytearray(_FORM.size)

    def count(self, *, status: int, seconds: float) -> None:
        """Add one answered request."""
        page = self._own_page()
        values = list(_FORM.unpack_from(page))
        values[min(status // 100, len(_CLASSES)) - 1] += 1
        slot = next((i for i, bound in enumerate(_BOUNDS) if seconds <= bound), len(_BOUNDS))
        values[len(_CLASSES) + slot] += 1
        values[-1] += seconds
        _FORM.pack_into(page, 0, *values)

    def text(self) -> str:
        """All processes together, in the plain text form that Prometheus reads."""
        totals = [sum(column) for column in zip(*self._pages(), strict=True)]
        lines = ["# TYPE tasuke_requests_total counter"]
        lines += [f'tasuke_requests_total{{status="{c}"}} {n}' for c, n in zip(_CLASSES, totals, strict=False)]
        lines.append("# TYPE tasuke_request_seconds histogram")
        running = 0
        for bound, n in zip((*map(str, _BOUNDS), "+Inf"), totals[len(_CLASSES) : -1], strict=True):
            running += n
            lines.append(f'tasuke_request_seconds_bucket{{le="{bound}"}} {running}')
        lines += [f"tasuke_request_seconds_count {running}", f"tasuke_request_seconds_sum {totals[-1]:.6f}"]
        return "\n".join(lines) + "\n"

    def _own_page(self) -> mmap.mmap | bytearray:
        if self._pid != os.getpid():  # the first request, or a process that was forked off
            self._pid = os.getpid()
            self._page = _open_page(self._pid)
        return self._page

    def _pages(self) -> list[tuple[float, ...]]:
        pages: list[tuple[float, ...]] = [_FORM.unpack_from(self._own_page())]
        folder = os.environ.get(_FOLDER)
        others = [f for f in Path(folder).glob("*.page") if f.stem != str(self._pid)] if folder else []
        pages.extend(_FORM.unpack(file.read_bytes().ljust(_FORM.size, b"\0")) for file in others)
        return pages


def _open_page(pid: int) -> mmap.mmap | bytearray:
    folder = os.environ.get(_FOLDER)
    if not folder:
        return bytearray(_FORM.size)
    file = Path(folder) / f"{pid}.page"
    file.write_bytes(bytes(_FORM.size))
    with file.open("r+b") as handle:
        return mmap.mmap(handle.fileno(), _FORM.size)


METRICS = Metrics()
