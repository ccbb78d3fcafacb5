"""Walk along the checkpoint file beside the chain of blocks."""

from array import array
from collections.abc import Iterator
from pathlib import Path

from tasuke.platform.audit.chain import Block
from tasuke.platform.audit.checkpoints import Checkpoint, CheckpointInvalid, parse_line, read_lines
from tasuke.platform.audit.faults import Fault, FaultKind
from tasuke.platform.audit.keys import Trust, signature_holds

_MARK = b'"restored":'


class CheckpointWalk:
    """Takes blocks in order and compares each with its line. The file's length is fixed when the walk begins.

    A database that came back from a backup leaves lines without a block. A signed line in the file says so and who
    answers for it (`restores`): the lines between are then checked by their signatures alone.
    """

    def __init__(self, path: Path, trust: Trust, *, may_end_early: bool) -> None:
        self.faults: list[Fault] = []
        self.restores: list[dict[str, str]] = []
        self._path = path
        self._trust = trust
        self._may_end_early = may_end_early
        self._size = path.stat().st_size if path.exists() else 0
        self._counted = self._effective()
        self._lines = self._walk()
        self._number = 0
        self._stopped = False

    def take(self, block: Block) -> None:
        """The next block."""
        self._number = block.number
        if self._stopped:
            return
        at, line = next(self._lines, (0, b""))
        if not line:
            self._stopped = True
            if not self._may_end_early:
                self._fault(FaultKind.CHECKPOINT_MISSING, block.number, None)
        elif line != Checkpoint.of(block).line():
            self._stopped = True  # one place is named; what follows is out of step
            self._fault(FaultKind.CHECKPOINT_CHANGED, block.number, at)

    def end(self) -> None:
        """After the last block."""
        if not self._stopped and (rest := next(self._lines, None)):
            self._fault(FaultKind.CHECKPOINT_AHEAD, self._number + 1, rest[0])

    def _fault(self, kind: FaultKind, block: int, line: int | None) -> None:
        self.faults.append(Fault(kind, block, line=line))

    def _bounded(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, bytes) of the lines that were there when the walk began."""
        left = self._size
        for at, line in enumerate(read_lines(self._path), start=1):
            if left <= 0:
                return
            left -= len(line)
            yield at, line

    def _effective(self) -> "array[int]":
        """Numbers of the lines that tell of a block which should still be there."""
        kept: array[int] = array("q")
        for at, line in self._bounded():
            if _MARK not in line:
                kept.append(at)
                continue
            restored = self._sound(line, at)
            if restored and restored.restored:
                del kept[restored.number :]
                self.restores.append({"block": str(restored.number), **restored.restored})
        return kept

    def _walk(self) -> Iterator[tuple[int, bytes]]:
        wanted = iter(self._counted)
        current = next(wanted, 0)
        for at, line in self._bounded():
            if at == current:
                yield at, line
                current = next(wanted, 0)
            elif _MARK not in line:
                self._sound(line, at)

    def _sound(self, line: bytes, at: int) -> Checkpoint | None:
        """A line that stands for itself, if a trusted key signed it."""
        try:
            found = parse_line(line)
            signature, text = bytes.fromhex(found.signature), found.signed()
        except CheckpointInvalid:
            self._fault(FaultKind.CHECKPOINT_CHANGED, 1, at)
            return None
        if not signature_holds(self._trust, key=found.key, signature=signature, text=text):
            self._fault(FaultKind.CHECKPOINT_CHANGED, found.number, at)
            return None
        return found
