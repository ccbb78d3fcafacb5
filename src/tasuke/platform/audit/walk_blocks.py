"""Walk along the chain of blocks: numbers, hashes, signatures; and which transactions belong to which block."""

from bisect import bisect_right
from dataclasses import dataclass, field

from tasuke.platform.audit.chain import GENESIS, Block, Snapshot, SnapshotInvalid, signed_text
from tasuke.platform.audit.faults import Fault, FaultKind
from tasuke.platform.audit.keys import Trust, signature_holds

# About ten seconds of checks. Beyond so many blocks every nth signature is checked: each covers, through the chain of
# hashes, all blocks before it.
_MOST_SIGNATURES = 100_000


@dataclass(slots=True)
class Members:
    """Per block: its number, how many rows with which digest, and which transactions its snapshot saw."""

    numbers: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    _reach: list[int] = field(default_factory=list)  # xmax, never falling: what the search by halves needs

    def add(self, block: Block, snapshot: Snapshot) -> None:
        """The next block."""
        self.numbers.append(block.number)
        self.rows.append(block.rows)
        self.digests.append(block.rows_sha256)
        self.snapshots.append(snapshot)
        self._reach.append(max(snapshot.xmax, self._reach[-1] if self._reach else 0))

    def place(self, xid: int) -> int:
        """Position of the first block that saw this transaction; the number of blocks when none did."""
        at = bisect_right(self._reach, xid)
        while at < len(self.snapshots) and not self.snapshots[at].sees(xid):
            at += 1
        return at

    def last_snapshot(self) -> Snapshot | None:
        """The snapshot of the newest block."""
        return self.snapshots[-1] if self.snapshots else None


class ChainWalk:
    """Takes all blocks in the order of their numbers and collects what is wrong with them."""

    def __init__(self, system: str, trust: Trust, *, blocks: int) -> None:
        self.faults: list[Fault] = []
        self.members = Members()
        self._system = system
        self._trust = trust
        self._every = -(-blocks // _MOST_SIGNATURES) or 1
        self._previous: Block | None = None
        self._unchecked: list[tuple[Block, int]] = []

    def take(self, block: Block, *, first_row: int) -> None:
        """The next block. first_row: the first id of its index, by which a broken block is named."""
        wanted = self._previous.number + 1 if self._previous else 1
        if block.number != wanted:
            self.faults.append(Fault(FaultKind.BLOCK_REMOVED, wanted, first_row))
        elif block.previous != (self._previous.hash if self._previous else GENESIS):
            self.faults.append(Fault(FaultKind.BLOCK_CHANGED, block.number, first_row))
        if block.hash != block.expected_hash():
            self.faults.append(Fault(FaultKind.BLOCK_CHANGED, block.number, first_row))
        self.members.add(block, self._snapshot(block, first_row))
        self._previous = block
        self._unchecked.append((block, first_row))
        if len(self._unchecked) >= self._every:
            self._check_signatures()

    def end(self) -> None:
        """After the last block."""
        self._check_signatures()

    def _snapshot(self, block: Block, first_row: int) -> Snapshot:
        try:
            return Snapshot.parse(block.snapshot)
        except SnapshotInvalid:
            self.faults.append(Fault(FaultKind.BLOCK_CHANGED, block.number, first_row))
            return self.members.last_snapshot() or Snapshot(0, 0)

    def _check_signatures(self) -> None:
        if self._unchecked and not self._signed(self._unchecked[-1][0]):
            bad = [(block, row) for block, row in self._unchecked if not self._signed(block)]
            self.faults += [Fault(FaultKind.BLOCK_UNSIGNED, block.number, row) for block, row in bad]
        self._unchecked.clear()

    def _signed(self, block: Block) -> bool:
        text = signed_text(system=self._system, number=block.number, digest=block.hash, key_id=block.key_id)
        return signature_holds(self._trust, key=block.key_id, signature=block.signature, text=text)
