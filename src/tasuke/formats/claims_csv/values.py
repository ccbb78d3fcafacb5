"""One column of text to one field, and what could not be read. Each distinct text is looked at once."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date

import polars as pl

from tasuke.core.calendar import InvalidDate, parse_date
from tasuke.formats.claims_csv.definition import (
    CLOSED_VALUES,
    MONTH_FIELDS,
    YEN_PER_UNIT,
    DateForm,
    FieldMapping,
    dtype_of,
)

_DIGITS = {
    "institution_code": re.compile(r"\d{10}"),
    "receipt_type": re.compile(r"[1346][1-4][1-5]\d"),
    "insurer_no": re.compile(r"\d{1,8}"),
    "payer_no": re.compile(r"\d{8}"),
    "branch_no": re.compile(r"\d{2}"),
    "special_notes": re.compile(r"(\d{2}){1,5}"),
}
_NUMBER = re.compile(r"\d{1,15}")
Reader = Callable[[str], "str | int | bool | date | None"]


def field_values(texts: pl.Series, field: FieldMapping) -> tuple[pl.Series, pl.Series]:
    """(values, faults): the column as the field's type, and True where a text was not such a value (value null)."""
    dtype = dtype_of(field.name)
    reader = _reader(field)
    nothing = [text for text, ours in field.values.items() if ours == ""]
    texts = texts.replace(nothing, None) if nothing else texts
    known = texts.drop_nulls().unique()
    read = [reader(text) for text in known]
    table = pl.DataFrame({"text": known, "value": pl.Series(read, dtype=dtype)})
    values = texts.rename("text").to_frame().join(table, on="text", how="left", maintain_order="left")["value"]
    return values.rename(field.name), (texts.is_not_null() & values.is_null()).rename(field.name)


def _reader(field: FieldMapping) -> Reader:
    """How one text of this field is read; None = it is no such value."""
    dtype = dtype_of(field.name)
    if field.values:
        plain = field.model_copy(update={"values": {}})
        return lambda text: _reader(plain)(field.values[text]) if text in field.values else None
    if dtype is pl.Date:
        return lambda text: read_date(text, field.date or DateForm.ISO, month=field.name in MONTH_FIELDS)
    if dtype is pl.Boolean:
        return lambda text: {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if dtype is pl.Int64:
        return lambda text: _integer(text, YEN_PER_UNIT[field.unit])
    return lambda text: _text(text, field)


def _integer(text: str, unit: int) -> int | None:
    digits = unicodedata.normalize("NFKC", text).replace(",", "")
    return int(digits) * unit if _NUMBER.fullmatch(digits) else None


def _text(text: str, field: FieldMapping) -> str | None:
    padded = text.zfill(field.zero_pad)
    allowed, pattern = CLOSED_VALUES.get(field.name), _DIGITS.get(field.name)
    if allowed is not None and padded not in allowed:
        return None
    return padded if pattern is None or pattern.fullmatch(padded) else None


def read_date(text: str, form: DateForm, *, month: bool) -> date | None:
    """A date, or the first day of a month, in one of the forms; None when it is not written so or does not exist."""
    plain = unicodedata.normalize("NFKC", text)
    pattern = _MONTH_PATTERNS[form] if month else _DAY_PATTERNS[form]
    if not pattern.fullmatch(plain):
        return None
    try:
        return parse_date(_complete(plain, form)) if month else parse_date(_standard(plain, form))
    except InvalidDate:
        # the era of a month may begin or end within it
        return _month_of_change(plain, form) if month else None


_DAY_PATTERNS = {
    DateForm.YYYYMMDD: re.compile(r"\d{8}"),
    DateForm.GYYMMDD: re.compile(r"[1-5]\d{6}"),
    DateForm.ISO: re.compile(r"\d{4}-\d{2}-\d{2}"),
    DateForm.SLASH: re.compile(r"\d{4}/\d{1,2}/\d{1,2}"),
    DateForm.WAREKI: re.compile(r".+"),
}
_MONTH_PATTERNS = {
    DateForm.YYYYMMDD: re.compile(r"\d{6}"),
    DateForm.GYYMMDD: re.compile(r"[1-5]\d{4}"),
    DateForm.ISO: re.compile(r"\d{4}-\d{2}"),
    DateForm.SLASH: re.compile(r"\d{4}/\d{1,2}"),
    DateForm.WAREKI: re.compile(r".+\d(月|月分)?"),
}


def _standard(text: str, form: DateForm) -> str:
    """Text of a day as `parse_date` reads it."""
    return _hyphened(text) if form is DateForm.SLASH else text


def _hyphened(text: str) -> str:
    return "-".join(part.zfill(2) for part in text.split("/"))


def _complete(text: str, form: DateForm, day: int = 1) -> str:
    """Text of a month with a day put after it."""
    match form:
        case DateForm.YYYYMMDD | DateForm.GYYMMDD:
            return f"{text}{day:02d}"
        case DateForm.ISO:
            return f"{text}-{day:02d}"
        case DateForm.SLASH:
            return f"{_hyphened(text)}-{day:02d}"
        case DateForm.WAREKI:
            plain = text.removesuffix("分")
            if plain.endswith("月"):
                return f"{plain}{day}日"
            return f"{plain}{'/' if '/' in plain else '.'}{day:02d}"


def _month_of_change(text: str, form: DateForm) -> date | None:
    """A month of which the first day lies in another era (平成1年1月 began in 昭和)."""
    for day in (8, 26, 30):
        try:
            return parse_date(_complete(text, form, day)).replace(day=1)
        except InvalidDate:
            continue
    return None
