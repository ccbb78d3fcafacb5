"""Processor time from /proc: what processes computed, however long they waited for each other. Linux only."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def process_ns(pid: int) -> int:
    """Nanoseconds that a process of one thread (a PostgreSQL backend) has computed."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def family_seconds(root: int) -> float:
    """Seconds that a process and all that descend from it have computed; those that have ended do not count."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        fields = _stat(entry) if entry.name.isdigit() else None
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += children.get(pid, [])
    return total / _TICKS


def parent_of(pid: int) -> int:
    """The process that started this one (of a backend: the postmaster)."""
    fields = _stat(Path(f"/proc/{pid}"))
    if fields is None:
        raise ProcessLookupError(pid)
    return int(fields[1])


def _stat(folder: Path) -> list[str] | None:
    """Fields of /proc/PID/stat behind the name, which may hold anything; None when the process has gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
