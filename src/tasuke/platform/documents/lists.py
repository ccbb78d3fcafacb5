"""Lists on A4: a title, columns, rows cut into pages. Pure: plain values in, the data of `list.typ` out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

LIST_TEMPLATE = Path(__file__).resolve().parent / "templates" / "list.typ"
_PORTRAIT, _LANDSCAPE = 210, 297  # mm
# rows of 6.4 mm under a head of 34 mm, with room for the printer's edge
_ROWS = {_PORTRAIT: 39, _LANDSCAPE: 25}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. width: mm; name: set in the font of names."""

    label: str
    width: int
    align: Literal["left", "right", "center"] = "left"
    name: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list; strong for subtotals and totals."""

    cells: Sequence[str]
    strong: bool = False


def list_paper(
    *, title: str, subtitle: str, columns: Sequence[Column], lines: Iterable[Line], fictitious: bool
) -> dict[str, Any]:
    """Data for `LIST_TEMPLATE`. Landscape when the columns need it; an empty list still gives one page."""
    width = sum(c.width for c in columns)
    paper = _PORTRAIT if width <= _PORTRAIT - 20 else _LANDSCAPE
    rows = [{"strong": line.strong, "cells": list(line.cells)} for line in lines]
    per_page = _ROWS[paper]
    return {
        "title": title,
        "subtitle": subtitle,
        "landscape": paper == _LANDSCAPE,
        "fictitious": fictitious,
        "left": (paper - width) / 2,
        "columns": [{"label": c.label, "width": c.width, "align": c.align, "name": c.name} for c in columns],
        "pages": [rows[i : i + per_page] for i in range(0, len(rows), per_page)] or [[]],
    }
