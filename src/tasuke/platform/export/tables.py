"""Frames as CSV and XLSX. Figures stay numbers; text that a spreadsheet would take for a formula stays text."""

import io
from datetime import datetime

import polars as pl
import xlsxwriter

# stands in the file as its creation time, so that the same figures give the same bytes
_FIXED = datetime(2000, 1, 1)  # noqa: DTZ001


# What makes a spreadsheet take a text for a formula (OWASP, CSV Injection). In Japanese the full-width signs count too,
# and blanks before the sign are dropped by some programs.
_FORMULA = r"^\s*[=+\-@＝＋－＠\t\r\n|]"


def to_csv(cells: pl.DataFrame) -> bytes:
    """UTF-8 with BOM and CRLF, so that the office's spreadsheet opens it as it is. A text that would be taken for a
    formula gets an apostrophe in front."""
    text = pl.col(pl.String)
    safe = cells.with_columns(pl.when(text.str.contains(_FORMULA)).then(pl.lit("'") + text).otherwise(text).name.keep())
    return b"\xef\xbb\xbf" + safe.write_csv(line_terminator="\r\n").encode()


def to_xlsx(sheets: dict[str, pl.DataFrame]) -> bytes:
    """One sheet per frame: heads frozen, filters on, thousands separated. The bytes depend on the frames alone."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": _FIXED})
        for name, frame in sheets.items():
            frame.write_excel(
                workbook=book,
                worksheet=name,
                autofit=True,
                freeze_panes=(1, 0),
                table_style="Table Style Light 1",
                column_formats={c: "#,##0" for c, t in frame.schema.items() if t.is_integer()},
            )
    return buffer.getvalue()
