"""Walk along the rows: each belongs to one block, each block must come out; a broken one is read again row by row."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tasuke.platform.audit.chain import entries, entry, row_id
from tasuke.platform.audit.faults import Fault, FaultKind
from tasuke.platform.audit.trail import row_lines, seen, unsealed
from tasuke.platform.audit.walk_blocks import Members

_EXAMINED = 20  # broken blocks that are read again; after so many the trail is broken enough
_NAMED = 100  # faults that are named in one block
_AT_ONCE = 500  # rows that are hashed at once
_OPEN, _GOOD, _BAD = 0, 1, 2


@dataclass(slots=True)
class _Sum:
    """Running digest over the rows that were met for one block."""

    count: int = 0
    waiting: list[bytes] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, line: bytes) -> None:
        self.count += 1
        self.waiting.append(line)
        if len(self.waiting) == _AT_ONCE:
            self._take()

    def result(self) -> bytes:
        self._take()
        return bytes(self.digest.digest())

    def _take(self) -> None:
        self.digest.update(b"".join(self.waiting))
        self.waiting.clear()


class RowWalk:
    """Reads all rows once. sealed: how many belong to a block; unexamined: broken blocks beyond the first ones."""

    def __init__(self, members: Members) -> None:
        self.faults: list[Fault] = []
        self.sealed = 0
        self.unexamined = 0
        self._members = members
        self._state = bytearray(len(members.numbers))
        self._sums: dict[int, _Sum] = {}

    def read(self, connection: psycopg.Connection[Any]) -> None:
        """One pass in the order of the ids."""
        known = len(self._state)
        head, at, running = b"", known, _Sum()
        for line in row_lines(connection, "TRUE", []):
            if not (head and line.startswith(head)):  # rows of one transaction mostly lie together
                head = line[: line.index(b"\t") + 1]
                at = self._members.place(int(head))
                if at < known:
                    running = self._sums.setdefault(at, _Sum())
            if at == known:
                continue  # not sealed yet
            self.sealed += 1
            if self._state[at] == _OPEN:
                running.add(line)
                if running.count == self._members.rows[at]:
                    self._close(at, running)
            elif self._state[at] == _GOOD and len(self.faults) < _NAMED:
                # all its rows have come and are right: this one is one too many
                self.faults.append(Fault(FaultKind.ROW_INSERTED, self._members.numbers[at], row_id(line)))

    def examine(self, connection: psycopg.Connection[Any]) -> Iterator[Fault]:
        """Read the first broken blocks again and name their rows."""
        broken = [at for at, state in enumerate(self._state) if state != _GOOD]
        self.unexamined = max(0, len(broken) - _EXAMINED)
        for at in broken[:_EXAMINED]:
            yield from sorted(self._compare(connection, at), key=Fault.order)[:_NAMED]

    def _close(self, at: int, running: _Sum) -> None:
        right = running.result() == self._members.digests[at]
        self._state[at] = _GOOD if right else _BAD
        self._sums.pop(at, None)

    def _compare(self, connection: psycopg.Connection[Any], at: int) -> Iterator[Fault]:
        """Faults of one block: its index against the rows that are there."""
        number = self._members.numbers[at]
        row = connection.execute("SELECT row_index FROM audit_block WHERE number = %s", [number]).fetchone()
        wanted = dict(entries(bytes(row[0]))) if row else {}
        before = self._members.snapshots[at - 1] if at else None
        new, some = unsealed(before)
        old, more = seen(self._members.snapshots[at])
        there = dict(next(entries(entry(line))) for line in row_lines(connection, f"{new} AND {old}", [*some, *more]))
        elsewhere = self._elsewhere(connection, [key for key in wanted if key not in there])
        for key, mark in wanted.items():
            if key in there and there[key] != mark:
                yield Fault(FaultKind.ROW_CHANGED, number, key)
            elif key not in there:
                yield Fault(FaultKind.ROW_CHANGED if key in elsewhere else FaultKind.ROW_REMOVED, number, key)
        for key in there:
            if key not in wanted:
                yield Fault(FaultKind.ROW_INSERTED, number, key)

    @staticmethod
    def _elsewhere(connection: psycopg.Connection[Any], ids: list[int]) -> set[int]:
        """Which of these rows are there, though not where they belong: their transaction was changed."""
        rows = connection.execute("SELECT id FROM audit_event WHERE id = ANY(%s)", [ids]).fetchall()
        return {int(row[0]) for row in rows}
