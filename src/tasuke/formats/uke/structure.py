"""Which lines make a receipt, under which head it stands, and whether its records are in their order.

A receipt is RE, HO?, KO*, then SN/JD/MF, then the details; heads (IR, UK, YK, HM) and the total (GO) stand between.
A part that stands elsewhere may belong to the receipt before or to the one after, so neither is used.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.items import read_items
from tasuke.formats.uke.layouts import HEAD_RECORD, LAYOUTS, UkeKind
from tasuke.formats.uke.scan import RANK_DETAIL, RANK_HEAD, Bools, Ints, Lines, code, ranks, unknown

_LAST_PART = 3
# parts whose order is checked in the payer's form: the claim itself, before or after 資格確認
_AS_CLAIMED = (-1, 1, 5)


@dataclass(slots=True)
class Structure:
    """Receipts of a file.

    at: index of each RE; receipt: number of the receipt of each line, -1 = of none; head: index of the head line
    of each receipt, -1 = none; bad: receipts that are left out, each has a Problem with the line of its RE; segment:
    number of the stretch of each line in the payer's form.
    """

    lines: Lines
    at: Ints
    receipt: Ints
    head: Ints
    bad: Bools
    segment: Ints | None = None
    daily: pl.DataFrame | None = None  # computed once, when someone asks
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, receipt: int) -> int:
        """Physical line of the RE of a receipt."""
        return int(self.lines.number[self.at[receipt]])

    def reject(self, receipt: int, code_: str, message: str) -> None:
        """Leave a receipt out and say why at its RE."""
        self.problems.append(Problem(code_, message, line=self.line_of(receipt), field="RE"))
        self.bad[receipt] = True


def structure(lines: Lines, kind: UkeKind, segment: Ints | None = None) -> Structure:
    """Find the receipts; say what stands in the wrong place. segment: the stretches of the payer's form."""
    rank = ranks(lines.id)
    at = np.flatnonzero(lines.id == code("RE"))
    index = np.arange(len(lines.id))
    last_re = np.maximum.accumulate(np.where(rank == 0, index, -1))
    is_head = rank == RANK_HEAD
    closes = rank > RANK_DETAIL
    if segment is not None:
        closes = closes | np.concatenate((np.ones(1, dtype=np.bool_), segment[1:] != segment[:-1]))[: len(index)] & (
            rank != 0
        )
    last_close = np.maximum.accumulate(np.where(closes, index, -1))
    receipt = np.where((last_re >= 0) & (last_re > last_close), np.searchsorted(at, last_re), -1)
    head = _heads(rank, is_head, at, segment)
    found = Structure(lines, at, receipt, head, np.zeros(len(at), dtype=np.bool_), segment)
    _check_heads(found)
    _check_order(found, rank)
    _check_unknown(found, rank)
    _check_end(found, kind, segment)
    return found


def _heads(rank: np.ndarray, is_head: Bools, at: Ints, segment: Ints | None) -> Ints:
    """The last head before each RE, -1 when a total or the begin of another payer's receipt stands between."""
    index = np.arange(len(rank))
    last_head = np.maximum.accumulate(np.where(is_head, index, -1))[at]
    last_total = np.maximum.accumulate(np.where(rank == RANK_HEAD + 1, index, -1))[at]
    good = (last_head >= 0) & (last_total < last_head)
    if segment is not None:
        good &= segment[np.maximum(last_head, 0)] == segment[at]
    return np.where(good, last_head, -1)


def _check_heads(found: Structure) -> None:
    for receipt in np.flatnonzero(found.head < 0):
        message = "医療機関等の情報レコードがレセプトの前にありません。どこの請求か分からないため取り込みません。"
        found.reject(int(receipt), "NO_HEAD", message)


def _check_order(found: Structure, rank: np.ndarray) -> None:
    """HO, KO, SN, JD, MF after a record that comes later in a receipt."""
    before = np.concatenate((np.full(1, RANK_HEAD, dtype=np.int8), rank[:-1]))
    part = (rank >= 1) & (rank <= _LAST_PART)
    wrong = part & (before > rank) & np.isin(found.lines.source, _AS_CLAIMED)
    if not wrong.any():
        return
    index = np.arange(len(rank))
    after = np.minimum.accumulate(np.where(part, len(rank), index)[::-1])[::-1]
    for at in np.flatnonzero(wrong):
        _misplaced(found, rank, int(at), int(after[at]))


def _misplaced(found: Structure, rank: np.ndarray, at: int, after: int) -> None:
    number = int(found.lines.number[at])
    record = _name(int(found.lines.id[at]))
    message = f"{record} レコードの位置が正しくありません。どのレセプトのものか確かでないため取り込みません。"
    found.problems.append(Problem("MISPLACED_RECORD", message, line=number, field=record))
    touched = {int(found.receipt[at])} if found.receipt[at] >= 0 else set()
    if after < len(rank) and (rank[after] == 0 or rank[after] == RANK_HEAD or found.receipt[at] < 0):
        following = int(np.searchsorted(found.at, at))
        touched |= {following} if _may_reach(found, at, following) else set()
    for receipt in sorted(touched):
        if not found.bad[receipt]:
            why = f"{number}行目の {record} レコードの位置が正しくなく、このレセプトのものかもしれません。"
            found.reject(receipt, "MISPLACED_RECORD", why)


def _may_reach(found: Structure, at: int, receipt: int) -> bool:
    """True when a misplaced line may belong to this later receipt: it is there, in the same stretch."""
    if receipt >= len(found.at):
        return False
    return found.segment is None or bool(found.segment[found.at[receipt]] == found.segment[at])


def _check_unknown(found: Structure, rank: np.ndarray) -> None:
    """Records that no layout knows: harmless among the details, not beside RE, HO and KO."""
    strange = unknown(found.lines.id)
    before = np.concatenate((np.full(1, RANK_HEAD, dtype=np.int8), rank[:-1]))
    for at in np.flatnonzero(strange):
        number, receipt = int(found.lines.number[at]), int(found.receipt[at])
        name = _name(int(found.lines.id[at])) or "読めない識別情報"
        grave = receipt >= 0 and before[at] <= 2
        ending = "このレセプトは取り込みません。" if grave else "この行は読みとばしました。"
        severity = Severity.ERROR if grave else Severity.WARNING
        message = f"知らないレコード({name})です。{ending}"
        found.problems.append(Problem("UNKNOWN_RECORD", message, line=number, field=name, severity=severity))
        if grave and not found.bad[receipt]:
            why = f"{number}行目に知らないレコードがあり、保険者または公費のレコードかもしれません。取り込みません。"
            found.reject(receipt, "UNKNOWN_RECORD", why)


def _check_end(found: Structure, kind: UkeKind, segment: Ints | None) -> None:
    """The last receipt of a file that stops in the middle is not used: some of its records may be missing."""
    lines = found.lines
    if not lines.end_mark and segment is None and len(lines.number):
        message = "ファイルの終わりの印(EOF)がありません。途中で切れていないか、件数を確かめてください。"
        line = int(lines.number[-1])
        found.problems.append(Problem("NO_END_MARK", message, line=line, severity=Severity.WARNING))
    if not len(found.at):
        return
    last = len(found.at) - 1
    at_end = bool((found.receipt[-1] == last) if len(found.receipt) else False)
    volume_goes_on = _has_volume(found, kind, last)
    if not lines.terminated and at_end:
        message = "ファイルが行の途中で終わっています。最後のレセプトは欠けている可能性があるため取り込みません。"
        found.reject(last, "TRUNCATED", message)
    elif segment is None and at_end and kind is UkeKind.NURSING:
        # where 訪問看護 has its GO is not confirmed, so its absence does not condemn a receipt
        message = "ファイルの終わりに請求書レコード(GO)がありません。途中で切れていないか確かめてください。"
        warning = Problem("NO_TOTAL", message, line=found.line_of(last), field="GO", severity=Severity.WARNING)
        found.problems.append(warning)
    elif segment is None and at_end and not volume_goes_on:
        message = "ファイルの終わりに診療報酬請求書レコード(GO)がありません。最後のレセプトは取り込みません。"
        found.reject(last, "TRUNCATED", message)


def _has_volume(found: Structure, kind: UkeKind, receipt: int) -> bool:
    """True when the head of the file says that it is one of several volumes."""
    layout = LAYOUTS[kind][HEAD_RECORD[kind]]
    heads = found.lines.where(HEAD_RECORD[kind])
    heads = heads[heads < found.at[receipt]]
    if not layout.has("volume") or not len(heads):
        return False
    items = read_items(found.lines, heads[-1:], layout, ["volume"])
    return str(items["volume"].fill_null("00").item()) != "00"


def _name(record: int) -> str:
    return chr(record >> 8) + chr(record & 0xFF) if record else ""
