"""What a check of the trail can find."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FaultKind(StrEnum):
    """What is wrong. The order of the members is the order in which a block's faults are told."""

    BLOCK_REMOVED = "block-removed"
    BLOCK_CHANGED = "block-changed"
    BLOCK_UNSIGNED = "block-unsigned"
    ROW_CHANGED = "row-changed"
    ROW_REMOVED = "row-removed"
    ROW_INSERTED = "row-inserted"
    CHECKPOINT_CHANGED = "checkpoint-changed"
    CHECKPOINT_MISSING = "checkpoint-missing"
    CHECKPOINT_AHEAD = "checkpoint-ahead"

    @property
    def label(self) -> str:
        """In Japanese."""
        return _LABELS[self]


_LABELS = {
    FaultKind.BLOCK_REMOVED: "封印が失われています",
    FaultKind.BLOCK_CHANGED: "封印が書き換えられています",
    FaultKind.BLOCK_UNSIGNED: "封印の署名が正しくありません",
    FaultKind.ROW_CHANGED: "証跡の行が書き換えられています",
    FaultKind.ROW_REMOVED: "証跡の行が削除されています",
    FaultKind.ROW_INSERTED: "封印の後に証跡の行が差し込まれています",
    FaultKind.CHECKPOINT_CHANGED: "検証点ファイルが書き換えられています",
    FaultKind.CHECKPOINT_MISSING: "検証点ファイルが切り詰められています",
    FaultKind.CHECKPOINT_AHEAD: "データベースの証跡が検証点ファイルより少なくなっています",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. block: number of the block; row: id of the event; line: of the checkpoint file, from 1."""

    kind: FaultKind
    block: int
    row: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = [f"封印 {self.block}"]
        if self.row is not None:
            place.append(f"証跡 {self.row}")
        if self.line is not None:
            place.append(f"検証点ファイル {self.line}行目")
        return f"{self.kind.label}({'、'.join(place)})"

    def order(self) -> tuple[int, int, int]:
        """Sort key: the first in the trail first."""
        return self.block, list(FaultKind).index(self.kind), self.row or 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a check. pending: rows that are committed and not sealed yet; restores: accepted ones, as told.

    first: the first broken place. faults: the first of them, sorted; unexamined_blocks: broken ones beyond those.
    """

    system: str
    rows: int
    blocks: int
    pending: int
    oldest_pending: datetime | None
    faults: tuple[Fault, ...] = ()
    unexamined_blocks: int = 0
    restores: tuple[dict[str, str], ...] = ()
    weaknesses: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def first(self) -> Fault | None:
        """The first fault in the order of the trail."""
        return self.faults[0] if self.faults else None
