"""What is sealed, byte for byte. Nothing here touches the database, a file or the clock; docs/audit.md tells the same.

A row's bytes are its line as PostgreSQL's `COPY … (FORMAT text)` writes it, in the columns of `ROW_SQL`, UTF-8, with
the line feed. A block is made of all rows that a snapshot of the database saw and no earlier block has: so a row that
was numbered early and committed late goes into the block after its commit, and numbers that a rolled-back
transaction used up are missing nowhere.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from tasuke.platform.audit.keys import SigningKey

GENESIS = bytes(32)  # `previous` of the first block
ID_BYTES, MARK_BYTES = 8, 16  # of one entry of a row index
ENTRY_BYTES = ID_BYTES + MARK_BYTES

# The time is written as microseconds since 1970, so that no setting of a session changes a byte.
ROW_SQL = (
    "SELECT xid, id, (extract(epoch FROM at) * 1000000)::bigint, personal_id, office, terminal, session, action,"
    " screen, purpose, kind, atena_no, detail FROM audit_event"
)


class SnapshotInvalid(ValueError):
    """Not `xmin:xmax:xid,xid…`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions had ended: all below xmin, and those below xmax that are not among `running`."""

    xmin: int
    xmax: int
    running: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `xmin:xmax:xid,xid…`, as PostgreSQL writes it. Raises SnapshotInvalid."""
        parts = text.split(":")
        try:
            low, high, running = int(parts[0]), int(parts[1]), parts[2]
            return cls(low, high, frozenset(int(xid) for xid in running.split(",") if xid))
        except (IndexError, ValueError) as error:
            raise SnapshotInvalid(text) from error

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, sorted(self.running)))}"

    def sees(self, xid: int) -> bool:
        """Whether this transaction had ended."""
        return xid < self.xmax and xid not in self.running

    def shifted(self, offset: int) -> "Snapshot":
        """The same in numbers of the trail (see `audit_offset` in the migration)."""
        return Snapshot(self.xmin + offset, self.xmax + offset, frozenset(xid + offset for xid in self.running))


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block as it stands in the database."""

    system: str
    number: int
    snapshot: str
    rows: int
    rows_sha256: bytes
    index_sha256: bytes
    sealed_at: datetime
    previous: bytes
    hash: bytes
    key_id: str
    signature: bytes

    def expected_hash(self) -> bytes:
        """The hash that its other columns have."""
        lines = (
            "tasuke audit block 1",
            f"system {self.system}",
            f"number {self.number}",
            f"snapshot {self.snapshot}",
            f"rows {self.rows}",
            f"rows-sha256 {self.rows_sha256.hex()}",
            f"index-sha256 {self.index_sha256.hex()}",
            f"sealed-at {stamp(self.sealed_at)}",
            f"previous {self.previous.hex()}",
            "",
        )
        return hashlib.sha256("\n".join(lines).encode()).digest()


@dataclass(slots=True)
class Rows:
    """Digest and index of rows that come in one after the other; their bytes are not kept."""

    count: int = 0
    index: bytearray = field(default_factory=bytearray)
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, lines: Iterable[bytes]) -> None:
        """Rows in the order of their ids."""
        for line in lines:
            self._digest.update(line)
            self.index += entry(line)
            self.count += 1

    def sha256(self) -> bytes:
        """SHA-256 over the bytes of all rows."""
        return self._digest.digest()


def seal_rows(
    *, system: str, last: Block | None, snapshot: Snapshot, rows: Rows, sealed_at: datetime, key: SigningKey
) -> Block:
    """The block after `last` that holds these rows."""
    unsigned = Block(
        system=system,
        number=last.number + 1 if last else 1,
        snapshot=str(snapshot),
        rows=rows.count,
        rows_sha256=rows.sha256(),
        index_sha256=hashlib.sha256(rows.index).digest(),
        sealed_at=sealed_at,
        previous=last.hash if last else GENESIS,
        hash=b"",
        key_id=key.id,
        signature=b"",
    )
    digest = unsigned.expected_hash()
    signature = key.sign(signed_text(system=system, number=unsigned.number, digest=digest, key_id=key.id))
    return Block(
        **{name: getattr(unsigned, name) for name in Block.__slots__ if name not in ("hash", "signature")},
        hash=digest,
        signature=signature,
    )


def signed_text(*, system: str, number: int, digest: bytes, key_id: str, restored: str = "") -> bytes:
    """What a checkpoint's signature covers. restored: facts of a restore that was accepted, as JSON."""
    lines = [
        "tasuke audit checkpoint 1",
        f"system {system}",
        f"number {number}",
        f"hash {digest.hex()}",
        f"key {key_id}",
    ]
    return "\n".join([*lines, *([f"restored {restored}"] if restored else []), ""]).encode()


def entry(line: bytes) -> bytes:
    """A row's entry in its block's index: its id, and the first 16 bytes of its SHA-256."""
    return row_id(line).to_bytes(ID_BYTES, "big", signed=True) + hashlib.sha256(line).digest()[:MARK_BYTES]


def row_id(line: bytes) -> int:
    """The id of a row from its bytes."""
    return int(line.split(b"\t", 2)[1])


def entries(index: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, mark) of each row of an index."""
    for at in range(0, len(index), ENTRY_BYTES):
        yield index_id(index, at), bytes(index[at + ID_BYTES : at + ENTRY_BYTES])


def index_id(index: bytes, at: int = 0) -> int:
    """The id of the entry that begins at byte `at`; signed, since somebody may have written a negative one."""
    return int.from_bytes(index[at : at + ID_BYTES], "big", signed=True)


def stamp(moment: datetime) -> str:
    """A moment in UTC to the microsecond, always in the same width."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
