"""The order of records: header 1, data 2, trailer 8, repeated as a whole where a medium holds several, end 9."""

from dataclasses import dataclass

import numpy as np

from tasuke.core.problems import Problem, Severity
from tasuke.formats.zengin.physical import Records, decode

_HEADER, _DATA, _TRAILER, _END = b"1289"
_NAMES = {_HEADER: "ヘッダー", _DATA: "データ", _TRAILER: "トレーラー", _END: "エンド"}


@dataclass(frozen=True, slots=True)
class Block:
    """One header…trailer pair, as positions in the records; the payment lines lie between the two."""

    header: int
    trailer: int


def find_blocks(records: Records) -> tuple[list[Block], list[Problem]]:
    """The pairs of a file. Faults of the order are fatal; records of an unknown kind are reported and left out."""
    kinds = records.rows[:, 0]
    blocks: list[Block] = []
    problems = _unknown_kinds(records)
    opened: int | None = None
    after = 0  # data records from here on are not accounted for yet
    for position in np.flatnonzero(np.isin(kinds, (_HEADER, _TRAILER, _END))).tolist():
        kind = int(kinds[position])
        if opened is None and (stray := _first_data(records, after, position)) is not None:
            problems.append(_misplaced(records, stray, "ヘッダーより前にデータレコードがあります"))
        fault = _fault(kind, opened is not None, bool(blocks))
        if fault is not None:
            problems.append(_misplaced(records, position, fault))
        if kind == _TRAILER and opened is not None:
            blocks.append(Block(opened, position))
        opened = position if kind == _HEADER else None
        after = position + 1
        if kind == _END:
            break
    problems += _ending(records, after)
    return blocks, problems


def _fault(kind: int, is_open: bool, has_block: bool) -> str | None:
    if kind == _TRAILER:
        return None if is_open else "ヘッダーのないトレーラーレコードです"
    if is_open:
        return f"トレーラーより前に{_NAMES[kind]}レコードがあります"
    if kind == _END and not has_block:
        return "ヘッダーとトレーラーの組がありません"
    return None


def _ending(records: Records, after: int) -> list[Problem]:
    count = len(records.rows)
    if after == 0 or records.rows[after - 1, 0] != _END:
        message = "エンドレコードがありません(ファイルが途中で切れているおそれがあります)"
        return [Problem("zengin.no_end", message, line=int(records.lines[-1]), severity=Severity.FATAL)]
    return [_misplaced(records, after, "エンドレコードの後にレコードがあります")] if after < count else []


def _first_data(records: Records, start: int, stop: int) -> int | None:
    found = np.flatnonzero(records.rows[start:stop, 0] == _DATA)
    return start + int(found[0]) if len(found) else None


def _unknown_kinds(records: Records) -> list[Problem]:
    unknown = ~np.isin(records.rows[:, 0], list(_NAMES))
    problems = []
    for row, line in zip(records.rows[unknown], records.lines[unknown].tolist(), strict=True):
        value = decode(row[:1].tobytes())
        message = f"データ区分「{value}」はありません(1、2、8、9のいずれかです)"
        problems.append(Problem("zengin.kind", message, line=line, column=1, field="データ区分", value=value))
    return problems


def _misplaced(records: Records, position: int, message: str) -> Problem:
    line = int(records.lines[position])
    return Problem("zengin.order", message, line=line, column=1, field="データ区分", severity=Severity.FATAL)
