"""Text of items to numbers, dates and codes on whole columns, and what could not be read as Problems."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.uke.layouts import Mode, Placed, Record

# 元号コード of older files (before the switch to 西暦): year before its first year, first day, last day.
_ERAS: dict[str, tuple[int, date, date]] = {
    "1": (1867, date(1868, 1, 25), date(1912, 7, 29)),
    "2": (1911, date(1912, 7, 30), date(1926, 12, 24)),
    "3": (1925, date(1926, 12, 25), date(1989, 1, 7)),
    "4": (1988, date(1989, 1, 8), date(2019, 4, 30)),
    "5": (2018, date(2019, 5, 1), date(2117, 12, 31)),
}
_EARLIEST = date(1868, 1, 25)

# Items with a fixed form: what the text must look like, and how we say it.
_PATTERNS: dict[str, tuple[str, str]] = {
    "agency": (r"^[12]$", "1(支払基金)か 2(国保連合会)"),
    "prefecture": (r"^(0[1-9]|[1-3]\d|4[0-7]|5[1-9]|[6-8]\d|9[0-7])$", "都道府県番号2桁"),
    "table": (r"^[1346]$", "1・3・4・6 のいずれか"),
    "institution": (r"^\d{7}$", "数字7桁"),
    "receipt_type": (r"^[1346][1-4][1-5]\d$", "レセプト種別コード4桁"),
    "sex": (r"^[12]$", "1(男)か 2(女)"),
    "special_notes": (r"^(\d{2}){1,5}$", "2桁のコードを5個まで"),
    "payer_no": (r"^\d{8}$", "数字8桁"),
    "insurer_no": (r"^ *\d{1,8}$", "数字8桁まで"),
    "branch_no": (r"^\d{2}$", "数字2桁"),
    "bearer": (r"^[1-5]$", "1 から 5"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """Columns of one record: frame (`at`, `line`, `_items`, `_broken`, the typed items), what was wrong, and the lines
    (index) that cannot be used."""

    frame: pl.DataFrame
    problems: list[Problem]
    bad_at: list[int]


def typed(frame: pl.DataFrame, record: Record, required: Iterable[str] = ()) -> Typed:
    """Read every item by its mode. What is no such value is an ERROR at its line; so is a missing required item."""
    needed = set(required)
    placed = [p for p in record.items if p.item.name in frame.columns]
    values = frame.with_columns(_value(p).alias(p.item.name) for p in placed)
    problems: list[Problem] = []
    bad: list[int] = []
    faults = frame.select(_fault(p, p.item.name in needed).alias(p.item.name) for p in placed)
    counts = faults.sum().row(0) if placed else ()
    for p in (placed[at] for at, count in enumerate(counts) if count):
        wrong = frame.filter(faults[p.item.name]).select("at", "line", text=p.item.name)
        bad.extend(wrong["at"].to_list())
        problems.extend(_item_problem(record, p, line, text) for _, line, text in wrong.iter_rows())
    return Typed(values, problems, bad)


def date_value(column: pl.Expr) -> pl.Expr:
    """YYYYMMDD or GYYMMDD to a date; null when no such day exists or the era did not have it."""
    return _dated(column, "", lambda day, first, last: (day >= first) & (day <= last))


def month_value(column: pl.Expr) -> pl.Expr:
    """YYYYMM or GYYMM to the first day of the month, else null. A month in which the era changes is in both."""
    return _dated(column, "01", lambda day, first, last: (day.dt.month_end() >= first) & (day <= last))


def _dated(column: pl.Expr, suffix: str, within: Callable[[pl.Expr, pl.Expr, pl.Expr], pl.Expr]) -> pl.Expr:
    size = 8 - len(suffix)
    western = column.str.contains(rf"^\d{{{size}}}$")
    imperial = column.str.contains(rf"^[1-5]\d{{{size - 2}}}$")
    era = column.str.slice(0, 1)
    base = era.replace_strict({key: value[0] for key, value in _ERAS.items()}, default=None, return_dtype=pl.Int64)
    year = (base + column.str.slice(1, 2).cast(pl.Int64, strict=False)).cast(pl.String).str.zfill(4)
    text = pl.when(western).then(column).when(imperial).then(year + column.str.slice(3)) + pl.lit(suffix)
    day = text.str.to_date("%Y%m%d", strict=False)
    first = era.replace_strict({key: value[1] for key, value in _ERAS.items()}, default=None, return_dtype=pl.Date)
    last = era.replace_strict({key: value[2] for key, value in _ERAS.items()}, default=None, return_dtype=pl.Date)
    zero = imperial & (column.str.slice(1, 2) == "00")
    fits = pl.when(western).then(day >= _EARLIEST).otherwise(within(day, first, last) & ~zero)
    return pl.when(fits).then(day)


def _number_pattern(placed: Placed) -> str:
    return rf"^\d{{1,{placed.item.max_bytes}}}$"


def _value(placed: Placed) -> pl.Expr:
    column = pl.col(placed.item.name)
    match placed.item.mode:
        case Mode.NUMBER:
            return pl.when(column.str.contains(_number_pattern(placed))).then(column).cast(pl.Int64, strict=False)
        case Mode.DATE:
            return date_value(column)
        case Mode.MONTH:
            return month_value(column)
        case _:
            return column


def _fault(placed: Placed, required: bool) -> pl.Expr:
    column = pl.col(placed.item.name)
    match placed.item.mode:
        case Mode.NUMBER:
            wrong = ~column.str.contains(_number_pattern(placed))
        case Mode.DATE:
            wrong = date_value(column).is_null()
        case Mode.MONTH:
            wrong = month_value(column).is_null()
        case _:
            pattern = _PATTERNS.get(placed.item.name)
            wrong = ~column.str.contains(pattern[0]) if pattern else pl.lit(False)
    return pl.when(column.is_null()).then(pl.lit(required)).otherwise(wrong)


_MODE_WORDS: Mapping[Mode, tuple[str, str]] = {
    Mode.NUMBER: ("NOT_A_NUMBER", "数字でないか、桁数が多すぎます"),
    Mode.DATE: ("NOT_A_DATE", "ありえない日付です"),
    Mode.MONTH: ("NOT_A_MONTH", "ありえない年月です"),
}


def _item_problem(record: Record, placed: Placed, line: int, text: str | None) -> Problem:
    item = placed.item
    field = f"{record.id} {item.label}"
    if text is None:
        message = f"{record.id} レコードの「{item.label}」が記録されていません。このレセプトは取り込みません。"
        return Problem("MISSING_ITEM", message, line=line, column=placed.position + 1, field=field)
    code, reason = _MODE_WORDS.get(item.mode, ("BAD_CODE", ""))
    if not reason:
        reason = f"正しい形({_PATTERNS[item.name][1]})ではありません"
    message = f"{record.id} レコードの「{item.label}」が{reason}。このレセプトは取り込みません。"
    return Problem(code, message, line=line, column=placed.position + 1, field=field, value=text[:40])


def count_problems(frame: pl.DataFrame, record: Record) -> Typed:
    """Lines with more items than the layout knows. When every line of the record has the same surplus (three lines or
    more), the file follows a newer layout: one warning. Else the line has a stray comma: an ERROR."""
    excess = frame.filter(pl.col("_items") > record.length)
    if record.length == 0 or excess.is_empty():
        return Typed(frame, [], [])
    if excess.height == frame.height >= 3 and excess["_items"].n_unique() == 1:
        count = int(excess["_items"][0])
        message = (
            f"{record.id} レコードの項目が {count} 個あります(このソフトの知る記録条件仕様では {record.length} 個)。"
            "新しい仕様の可能性があります。知っている項目だけを読み取りました。"
        )
        warning = Problem("MORE_ITEMS", message, line=int(excess["line"][0]), severity=Severity.WARNING)
        return Typed(frame, [warning], [])
    problems = [
        Problem(
            "WRONG_ITEM_COUNT",
            f"{record.id} レコードの項目が {count} 個あります({record.length} 個まで)。このレセプトは取り込みません。",
            line=line,
            field=record.id,
            value=str(count),
        )
        for line, count in excess.select("line", "_items").iter_rows()
    ]
    return Typed(frame, problems, excess["at"].to_list())
