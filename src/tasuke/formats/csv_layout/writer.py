"""Writes a frame as a CSV feed, or says which value cannot be written: a file that we write reads back the same."""

from dataclasses import dataclass

import polars as pl

from tasuke.formats.csv_layout.columns import good_expr
from tasuke.formats.csv_layout.definition import Kind, Layout
from tasuke.formats.csv_layout.messages import shorten
from tasuke.formats.csv_layout.values import read_value


class UnwritableFrame(ValueError):
    """The frame lacks a required column, has one that the layout does not know, or one of another type."""


@dataclass(slots=True)
class UnwritableValue(ValueError):
    """A value has no place in the layout. row: 0-based row of the frame; field: name of the column."""

    layout: str
    field: str
    row: int
    value: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.layout}: {self.row}行「{self.field}」の値 {self.value!r} は書けません。{self.reason}"


def render(frame: pl.DataFrame, layout: Layout) -> bytes:
    """The frame as UTF-8 CSV with CRLF and a header. Column `line` is left out, absent optional columns stay empty.

    Texts are written as they are (no guard against spreadsheet formulas: these files are read by programs).
    Raises UnwritableFrame, UnwritableValue.
    """
    texts = _texts(frame, layout)
    good = texts.select(good_expr(field, controls=True) for field in layout.fields)
    for field in layout.fields:
        if not good[field.name].all():
            _look_closer(texts[field.name], good[field.name], layout, field.name)
    labelled = texts.rename({field.name: field.label for field in layout.fields})
    return labelled.write_csv(line_terminator="\r\n", quote_style="necessary").encode("utf-8")


def _texts(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """All columns of the layout in its order, as the texts that go into the file."""
    names = {field.name for field in layout.fields}
    unknown = [name for name in frame.columns if name not in names and name != "line"]
    if unknown:
        raise UnwritableFrame(f"{layout.id}: 決まりにない列 {', '.join(unknown)}")
    columns = []
    for field in layout.fields:
        if field.name not in frame.columns:
            if field.required:
                raise UnwritableFrame(f"{layout.id}: 列 {field.name} がありません")
            columns.append(pl.lit(None, dtype=pl.String).alias(field.name))
            continue
        given = frame.schema[field.name]
        if given != field.dtype and given != pl.Null and not (field.kind is Kind.INT and given.is_integer()):
            raise UnwritableFrame(f"{layout.id}: 列 {field.name} の型が {given} です（{field.dtype}）")
        column = pl.col(field.name)
        columns.append((column.cast(pl.Int8) if field.kind is Kind.FLAG else column).cast(pl.String))
    return frame.select(columns) if columns else frame


def _look_closer(texts: pl.Series, good: pl.Series, layout: Layout, name: str) -> None:
    """Raise for the first value that would not read back as it is."""
    field = layout.field(name)
    for row in (~good).arg_true().to_list():
        text = texts[row]
        reading = read_value(field, text)
        if reading.code is not None or reading.text != text:
            reason = reading.message or "空の文字列は書けません（値がないときはnullにする）。"
            raise UnwritableValue(layout.id, name, row, shorten(text), reason)
