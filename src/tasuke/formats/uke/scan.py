"""Where the lines of a file begin and end and which record each is: numpy over the bytes, no Python object per line."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasuke.formats.uke.layouts import HEAD_IDS, PART_RANK, PAYER_IDS, UkeKind

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Form = Literal["claim", "payer"]

_COMMA, _CR, _LF, _EOF = 0x2C, 0x0D, 0x0A, 0x1A
# 履歴管理情報: データ識別 ≤2, 行番号 and 枝番号 ≤6 digits; a longer item is not a prefix
_PREFIX_WIDTHS = (2, 6, 6)

RANK_RECEIPT, RANK_DETAIL, RANK_HEAD, RANK_TOTAL = 0, 6, 7, 8
_DETAIL_IDS = (
    "GR", "SY", "SI", "IY", "TO", "CO", "SJ", "TI", "TR", "TS",  # 医科
    "BU", "SB", "KK", "SK", "GA", "HH", "GT", "CD",  # DPC
    "HS", "SS",  # 歯科
    "SH", "CZ", "TK", "KI", "ST",  # 調剤
    "IH", "HJ", "JS", "RJ", "TJ", "TZ", "KS", "KA",  # 訪問看護
)  # fmt: skip
KNOWN_IDS = frozenset(("RE", "GO", *PART_RANK, *HEAD_IDS, *PAYER_IDS, *_DETAIL_IDS))
_KIND_MARKS: tuple[tuple[UkeKind, tuple[str, ...]], ...] = (
    (UkeKind.PHARMACY, ("YK", "CZ", "SH")),
    (UkeKind.NURSING, ("HM", "KA", "RJ")),
    (UkeKind.DENTAL, ("UK", "SS", "HS")),
    (UkeKind.DPC, ("BU", "SB", "KK", "GA", "GT", "CD")),
    (UkeKind.MEDICAL, ("IR", "SI", "SY")),
)


def code(record: str) -> int:
    """The two letters of a record id as one number."""
    return (ord(record[0]) << 8) | ord(record[1])


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file that carry a record; blank lines and the end-of-file mark are left out.

    number: physical line (1-based); start/end: the bytes of the record without history prefix and line end; id: the two
    letters (0 = not readable); source/row/branch: データ識別, 行番号, 枝番号 (-1 in form "claim" or unreadable);
    terminated: the last line ended with a line end; end_mark: the file ends with 0x1A.
    """

    data: npt.NDArray[np.uint8]
    form: Form
    number: Ints
    start: Ints
    end: Ints
    id: Ints
    source: Ints
    row: Ints
    branch: Ints
    terminated: bool
    end_mark: bool

    def where(self, *records: str) -> Ints:
        """Indexes of the lines with one of these record ids."""
        return np.flatnonzero(np.isin(self.id, [code(record) for record in records]))

    def take(self, index: Ints) -> "Lines":
        """The same file with these lines only, in this order."""
        return Lines(
            self.data, self.form, self.number[index], self.start[index], self.end[index], self.id[index],
            self.source[index], self.row[index], self.branch[index], self.terminated, self.end_mark,
        )  # fmt: skip


def scan(data: bytes) -> Lines:
    """Find the lines of a file and read their record ids; the form is taken from the shape of most of the lines."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    breaks = np.flatnonzero(buffer == _LF)
    start = np.concatenate((np.zeros(1, dtype=np.int64), breaks + 1))
    end = np.concatenate((breaks, np.full(1, len(buffer), dtype=np.int64)))
    # the mark stands alone on the last line; joined volumes have it before the next head
    start = start + ((start < end) & (_at(buffer, start) == _EOF))
    end = np.maximum(end - ((end > start) & (_at(buffer, end - 1) == _CR)), start)
    terminated = bool(start[-1] >= end[-1])
    end_mark = data[-16:].rstrip(b"\r\n").endswith(b"\x1a")
    kept = np.flatnonzero(end > start)
    number, start, end = kept + 1, start[kept], end[kept]
    if _is_payer_form(buffer, start, end):
        return _payer_lines(buffer, number, start, end, (terminated, end_mark))
    none = np.full(len(start), -1, dtype=np.int64)
    return Lines(buffer, "claim", number, start, end, _ids(buffer, start, end), none, none, none, terminated, end_mark)


def detect_kind(lines: Lines) -> UkeKind | None:
    """The kind of the file by the first head that tells it, else by its detail records; None when nothing tells."""
    for kind, marks in _KIND_MARKS[:3]:
        if len(lines.where(marks[0])):
            return kind
    heads = lines.where("IR")
    if len(heads) and _item_byte(lines, int(heads[0]), 3) == ord("3"):
        return UkeKind.DENTAL
    counts = {kind: len(lines.where(*marks)) for kind, marks in _KIND_MARKS}
    if counts[UkeKind.DPC]:
        return UkeKind.DPC
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else None


def ranks(ids: Ints) -> npt.NDArray[np.int8]:
    """The place of each record in a receipt: 0 RE, 1 HO, 2 KO, 3 SN/JD/MF, 6 details and unknown, 7 head, 8 GO."""
    table = np.full(1 << 16, RANK_DETAIL, dtype=np.int8)
    table[code("RE")] = RANK_RECEIPT
    for record, rank in PART_RANK.items():
        table[code(record)] = rank
    for record in HEAD_IDS:
        table[code(record)] = RANK_HEAD
    table[code("GO")] = RANK_TOTAL
    return table[ids]


def unknown(ids: Ints) -> Bools:
    """True for lines whose record id no layout knows."""
    table = np.ones(1 << 16, dtype=np.bool_)
    table[[code(record) for record in KNOWN_IDS]] = False
    return table[ids]


def _at(buffer: npt.NDArray[np.uint8], index: Ints) -> npt.NDArray[np.uint8]:
    if not len(buffer):
        return np.zeros(len(index), dtype=np.uint8)
    return buffer[np.clip(index, 0, len(buffer) - 1)]


def _ids(buffer: npt.NDArray[np.uint8], start: Ints, end: Ints) -> Ints:
    """Two letters followed by a comma or the line's end; 0 for everything else."""
    first, second, third = _at(buffer, start), _at(buffer, start + 1), _at(buffer, start + 2)
    length = end - start
    shaped = (length >= 2) & _is_letter(first) & _is_letter(second) & ((length == 2) | (third == _COMMA))
    return np.where(shaped, (first.astype(np.int64) << 8) | second, 0)


def _is_letter(byte: npt.NDArray[np.uint8]) -> Bools:
    return (byte >= ord("A")) & (byte <= ord("Z"))


def _is_payer_form(buffer: npt.NDArray[np.uint8], start: Ints, end: Ints) -> bool:
    some, until = start[:2000], end[:2000]
    plain = int((_ids(buffer, some, until) > 0).sum())
    first = _at(buffer, some)
    return int(((first >= ord("0")) & (first <= ord("9"))).sum()) > plain


def _payer_lines(
    buffer: npt.NDArray[np.uint8], number: Ints, start: Ints, end: Ints, ending: tuple[bool, bool]
) -> Lines:
    """Lines with the three items of 履歴管理情報 before the record; HI, the head of a returned file, has none."""
    at = start.copy()
    good = np.ones(len(start), dtype=np.bool_)
    items: list[Ints] = []
    for width in _PREFIX_WIDTHS:
        value, at, read = _prefix_item(buffer, at, end, width)
        good &= read
        items.append(value)
    plain = _ids(buffer, start, end)
    bare = ~good & (plain == code("HI"))
    body = np.where(good, at, start)
    ids = np.where(good, _ids(buffer, body, end), np.where(bare, plain, 0))
    source, row, branch = (np.where(good, item, -1) for item in items)
    return Lines(buffer, "payer", number, body, end, ids, source, row, branch, *ending)


def _prefix_item(buffer: npt.NDArray[np.uint8], at: Ints, end: Ints, width: int) -> tuple[Ints, Ints, Bools]:
    """One number and the comma after it: (value, position after the comma, whether it was there)."""
    value = np.zeros(len(at), dtype=np.int64)
    done = np.zeros(len(at), dtype=np.bool_)
    failed = np.zeros(len(at), dtype=np.bool_)
    after = at.copy()
    for step in range(width + 1):
        byte = _at(buffer, at + step)
        open_ = ~done & ~failed & (at + step < end)
        comma = open_ & (byte == _COMMA) & (step > 0)
        digit = open_ & ~comma & (byte >= ord("0")) & (byte <= ord("9")) & (step < width)
        after = np.where(comma, at + step + 1, after)
        value = np.where(digit, value * 10 + byte - ord("0"), value)
        done |= comma
        failed |= ~done & ~digit
    return value, after, done


def _item_byte(lines: Lines, index: int, position: int) -> int:
    """The first byte of an item of a line, 0 when the line is shorter."""
    items = bytes(lines.data[int(lines.start[index]) : int(lines.end[index])]).split(b",")
    return items[position][0] if len(items) > position and items[position] else 0
