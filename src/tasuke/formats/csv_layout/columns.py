"""The fast half of reading values: which values of a whole column are surely good, and their conversion to types."""

import polars as pl

from tasuke.formats.csv_layout.definition import EARLIEST, LATEST, Field, Kind

_CONTROLS = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"


def good_expr(field: Field, *, controls: bool) -> pl.Expr:
    """True where the text of `field` needs no second look; false says nothing yet (values.read_value decides).

    controls: whether the bytes hold control characters at all (looked at once for all columns).
    """
    text = pl.col(field.name)
    good = _GOOD[field.kind](field, text)
    if field.kind is Kind.TEXT and controls:
        good = good & ~text.str.contains(_CONTROLS)
    good = good.fill_null(value=False)  # null here: a text that did not convert, not only an empty one
    return (good if field.required else good | text.is_null()).alias(field.name)


def typed_expr(field: Field) -> pl.Expr:
    """The column in the type of its kind; its texts are canonical or null."""
    text = pl.col(field.name)
    if field.kind is Kind.INT:
        return text.cast(pl.Int64, strict=False)
    if field.kind is Kind.DATE:
        return text.str.to_date("%Y-%m-%d", strict=False)
    return text == "1" if field.kind is Kind.FLAG else text


def _good_text(field: Field, text: pl.Expr) -> pl.Expr:
    good = (text != "") & (text == text.str.strip_chars())
    if field.max_length is not None:
        good = good & (text.str.len_chars() <= field.max_length)
    return good & text.str.contains(f"^(?:{field.pattern})$") if field.pattern is not None else good


def _good_digits(field: Field, text: pl.Expr) -> pl.Expr:
    if field.lengths:
        return text.str.contains("^(?:" + "|".join(f"[0-9]{{{n}}}" for n in field.lengths) + ")$")
    return text.str.contains(f"^[0-9]{{1,{field.max_length or 40}}}$")


def _good_list(field: Field, text: pl.Expr) -> pl.Expr:
    return text.str.contains("^[0-9]{1,15}(?:;[0-9]{1,15})*$") & (text.str.len_bytes() <= (field.max_length or 400))


def _good_int(field: Field, text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Int64, strict=False)
    # canonical digits only: no sign, no leading zero, so that text and number say the same
    plain = text.str.contains("^(?:0|[1-9][0-9]{0,14})$")
    inside = number.is_in(list(field.values)) if field.values else number.is_between(field.minimum, field.maximum)
    return plain & inside


def _good_date(_field: Field, text: pl.Expr) -> pl.Expr:
    day = text.str.to_date("%Y-%m-%d", strict=False)
    return text.str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") & day.is_between(EARLIEST, LATEST)


def _good_flag(_field: Field, text: pl.Expr) -> pl.Expr:
    return text.is_in(["0", "1"])


def _good_code(field: Field, text: pl.Expr) -> pl.Expr:
    return text.is_in(list(field.codes or {}))


_GOOD = {
    Kind.TEXT: _good_text,
    Kind.DIGITS: _good_digits,
    Kind.DIGITS_LIST: _good_list,
    Kind.INT: _good_int,
    Kind.DATE: _good_date,
    Kind.FLAG: _good_flag,
    Kind.CODE: _good_code,
}
