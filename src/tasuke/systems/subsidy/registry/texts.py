"""Names and addresses as they come in: stored in NFC with their variation sequences, and what no font can print."""

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.core.text import normalize_series
from tasuke.platform.documents.fonts import missing_fonts
from tasuke.platform.documents.glyphs import code_points, missing_in

_NAMED = 100  # persons named in problems; the rest as a number
# what papers print of a person
_PRINTED = {"name": "氏名", "alias": "通称", "head_name": "世帯主氏名", "address": "住所", "address_detail": "方書"}


def in_nfc(frame: pl.DataFrame) -> pl.DataFrame:
    """Every text in NFC: か and a combining 濁点 become が. Variation sequences (IVS) are no part of that and stay; a
    compatibility ideograph becomes the sequence of its form."""
    return frame.with_columns(normalize_series(c) for c in frame if c.dtype == pl.String)


def unprintable(frame: pl.DataFrame, *, person: str) -> list[Problem]:
    """A warning for each person with a character (or variation) that no font of the papers holds.

    frame: with `line` and the column `person` (宛名番号). Nothing is said while fonts are missing: `doctor` does.
    """
    columns = [c for c in _PRINTED if c in frame.columns]
    if not columns or missing_fonts():
        return []
    lost = missing_in(text for c in columns for text in frame[c].drop_nulls().unique())
    if not lost:
        return []
    found = [
        _problem(row, column, person, [c for c in lost if c in row[column]])
        for column in columns
        for row in frame.filter(pl.col(column).str.contains_any(lost))
        .select("line", person, column)
        .iter_rows(named=True)
    ]
    more = len(found) - _NAMED
    rest = [Problem("unprintable", f"印字できない文字がほかに{more:,}か所あります。", severity=Severity.WARNING)]
    return found[:_NAMED] + (rest if more > 0 else [])


def _problem(row: dict[str, object], column: str, person: str, lost: list[str]) -> Problem:
    single = [code_points(c) for c in lost if len(c) == 1]
    forms = [code_points(c) for c in lost if len(c) > 1]
    told = [f"{'、'.join(single)} は 〓 と印字します"] if single else []
    told += [f"{'、'.join(forms)} は基本の字形で印字します"] if forms else []
    message = f"宛名番号 {row[person]} の{_PRINTED[column]}に、フォントにない文字があります。{'。'.join(told)}。"
    line = row["line"]
    return Problem(
        "unprintable",
        message,
        line=int(str(line)) if line is not None else None,
        field=f"{_PRINTED[column]}(宛名番号)",
        value=str(row[person]),
        severity=Severity.WARNING,
    )
