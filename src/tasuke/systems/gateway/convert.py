"""Format and codes of a provider's record into the business's words, by the tables of a day. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasuke.core.numbers import municipality_check_digit
from tasuke.systems.gateway import tables
from tasuke.systems.gateway.tables import CodeRow, ItemRow

Value = str | int | bool | None
Record = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Conversion:
    """records in the business's fields. problems: the answer must not go on; left_out: items that no table names."""

    records: tuple[dict[str, Value], ...]
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class _Unreadable(ValueError):
    pass


def convert(
    information_code: str,
    records: Iterable[Record],
    *,
    on: date,
    items: Sequence[ItemRow] | None = None,
    codes: Sequence[CodeRow] | None = None,
) -> Conversion:
    """Convert. An unknown item is left out and named; an unknown code or an unreadable value is a problem.

    No message holds a value: the records are 特定個人情報.
    """
    known = {
        row.item: row
        for row in (tables.items() if items is None else items)
        if row.information_code == information_code and row.holds_on(on)
    }
    inside = {
        (row.table, row.outside): row.inside for row in (tables.codes() if codes is None else codes) if row.holds_on(on)
    }
    listed = [dict(record) for record in records]
    if listed and not known:
        return Conversion((), (f"{information_code}の項目の対応表がありません",))
    made: list[dict[str, Value]] = []
    problems: list[str] = []
    left_out = sorted({name for record in listed for name in record if name not in known})
    for place, record in enumerate(listed, start=1):
        one: dict[str, Value] = {}
        for name, value in record.items():
            row = known.get(name)
            if row is None:
                continue
            try:
                one[row.field] = _value(row, value, inside)
            except _Unreadable as error:
                problems.append(f"{place}件目の{row.label}: {error}")
        made.append(one)
    return Conversion(() if problems else tuple(made), tuple(problems), tuple(left_out))


def city_body(code: str) -> str:
    """機関コード of the city where that of a ward of a 政令指定都市 was given; others stay as they are."""
    ward = re.fullmatch(r"B(\d{5})\d", code)
    if ward is None:
        return code
    for city in tables.designated_cities():
        if city.first_ward <= ward[1] <= city.last_ward:
            return f"B{city.city}{municipality_check_digit(city.city)}"
    return code


def _value(row: ItemRow, value: Value, inside: Mapping[tuple[str, str], str]) -> Value:
    if value is None or value == "":
        return None
    if row.kind == "code":
        found = inside.get((row.code_table, str(value)))
        if found is None:
            raise _Unreadable("コード表に無い値です")
        return found
    return _READERS[row.kind](value)


def _int(value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value):
        return int(value)
    raise _Unreadable("数として読めません")


def _text(value: Value) -> str:
    if isinstance(value, bool):
        raise _Unreadable("文字として読めません")
    return str(value)


def _flag(value: Value) -> bool:
    if value in (True, 1, "1"):
        return True
    if value in (False, 0, "0"):
        return False
    raise _Unreadable("有無として読めません")


def _date(value: Value) -> str:
    text = str(value)
    plain = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text)
    try:
        return date.fromisoformat("-".join(plain.groups()) if plain else text).isoformat()
    except ValueError:
        raise _Unreadable("日付として読めません") from None


_READERS: dict[str, Callable[[Value], Value]] = {"int": _int, "text": _text, "flag": _flag, "date": _date}
