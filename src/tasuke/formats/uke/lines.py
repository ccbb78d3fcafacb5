"""Lines of a UKE file from columns: Polars string concatenation, no Python object per line."""

from collections.abc import Mapping

import polars as pl

from tasuke.formats.uke.layouts import Record

Values = Mapping[str, pl.Expr | str]


def text(column: str) -> pl.Expr:
    """A column as text, empty when null."""
    return pl.col(column).cast(pl.String).fill_null("")


def digits(column: str, width: int) -> pl.Expr:
    """A column as digits with leading zeros; empty stays empty."""
    value = text(column)
    return pl.when(value == "").then(pl.lit("")).otherwise(value.str.zfill(width))


def day(column: str) -> pl.Expr:
    """A date as YYYYMMDD, empty when null."""
    return pl.col(column).dt.strftime("%Y%m%d").fill_null("")


def month(column: str) -> pl.Expr:
    """The month of a date as YYYYMM, empty when null."""
    return pl.col(column).dt.strftime("%Y%m").fill_null("")


def line(record: Record, values: Values, tail: tuple[int, pl.Expr] | None = None) -> pl.Expr:
    """One line of the record without its line end: every item at its place, empty items kept.

    values: text by item name; names that this kind of record does not have are left out. tail: (position, text of
    all items from there on, commas within), for the 31 days of a month.
    """
    by_position = {record.position(name): value for name, value in values.items() if record.has(name)}
    end = record.length if tail is None else tail[0]
    parts: list[pl.Expr | str] = []
    for position in range(1, end):
        parts.append(",")
        if position in by_position:
            parts.append(by_position[position])
    if tail is not None:
        parts.extend([",", tail[1]])
    return pl.concat_str([pl.lit(record.id), *_merged(parts)])


def _merged(parts: list[pl.Expr | str]) -> list[pl.Expr]:
    """Neighbouring constants become one, so that wide records stay cheap."""
    merged: list[pl.Expr] = []
    constant = ""
    for part in parts:
        if isinstance(part, str):
            constant += part
            continue
        if constant:
            merged.append(pl.lit(constant))
            constant = ""
        merged.append(part)
    if constant:
        merged.append(pl.lit(constant))
    return merged


def month_days(masks: pl.Series) -> pl.Series:
    """31 comma-separated items of a bit mask (bit k-1 = day k): 1 on the days that are set, else empty."""
    unique = masks.unique().to_frame("mask")
    marks = [pl.when((pl.col("mask") // (1 << k)) % 2 == 1).then(pl.lit("1")).otherwise(pl.lit("")) for k in range(31)]
    table = unique.with_columns(pl.concat_str(marks, separator=",").alias("days"))
    return masks.to_frame("mask").join(table, on="mask", how="left", maintain_order="left")["days"]
