"""Changes of 社会保障宛名 as rows: what the feeds have becomes a file of the feed and is read as one.

Accounts and mailing addresses have no feed and are checked here. A change that cannot be taken is named with its
sequence, and the others go on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import models

from tasuke.contracts.welfare import WelfareChange
from tasuke.core.problems import Problem, Severity
from tasuke.formats import resident_feed, tax_feed
from tasuke.formats.csv_layout import Layout
from tasuke.systems.subsidy.registry.histories import ACCOUNTS, MAILING_ADDRESSES
from tasuke.systems.subsidy.registry.tables import HistoryTable

PERSONS = ("person", "nonresident")
_FIRST_LINE = 2  # after the header
_DIGITS = {"bank_code": 4, "branch_code": 3, "account_no": 7, "postal_code": 7}


@dataclass(frozen=True, slots=True)
class Told:
    """A problem of one change."""

    change: WelfareChange
    problem: Problem


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes of a page in the form of a feed. data: the file; frame: its good rows as the import reads them."""

    data: bytes
    frame: pl.DataFrame
    changes: tuple[WelfareChange, ...]
    problems: tuple[Told, ...]

    @property
    def rejected(self) -> int:
        """Rows that are not taken."""
        return len(self.changes) - self.frame.height


def residents_page(changes: Sequence[WelfareChange]) -> FeedPage:
    """Changes of persons (住民, 住登外者) as a 住民情報 file."""
    return _page(
        [c for c in changes if c.kind in PERSONS],
        resident_feed.LAYOUT,
        resident_feed.parse,
        lambda change: {"event_date": change.valid_from},
    )


def tax_page(changes: Sequence[WelfareChange]) -> FeedPage:
    """Tax figures as a 税情報 file; of one person and year the last change counts."""
    last = {(c.atena_no, c.items.get("tax_year")): c for c in changes if c.kind == "tax"}
    ordered = sorted(last.values(), key=lambda c: c.sequence)
    return _page(ordered, tax_feed.LAYOUT, tax_feed.parse, lambda change: {})


def account_rows(changes: Sequence[WelfareChange]) -> tuple[pl.DataFrame, list[Told]]:
    """Accounts as rows of the history."""
    return _rows([c for c in changes if c.kind == "account"], ACCOUNTS)


def mailing_rows(changes: Sequence[WelfareChange]) -> tuple[pl.DataFrame, list[Told]]:
    """Mailing addresses as rows of the history."""
    return _rows([c for c in changes if c.kind == "mailing"], MAILING_ADDRESSES)


def _page(
    changes: Sequence[WelfareChange],
    layout: Layout,
    parse: Callable[[bytes], tuple[pl.DataFrame, list[Problem]]],
    head: Callable[[WelfareChange], dict[str, Any]],
) -> FeedPage:
    rows = [{**change.items, **head(change), "seq": change.sequence, "atena_no": change.atena_no} for change in changes]
    columns = {
        field.label: pl.Series([_text(row.get(field.name)) for row in rows], dtype=pl.String) for field in layout.fields
    }
    data = pl.DataFrame(columns).write_csv(line_terminator="\r\n", quote_style="necessary").encode()
    if not changes:
        return FeedPage(data, pl.DataFrame(schema=layout.schema), (), ())
    # a line break inside a text would count as a line of the file
    frame, problems = parse(data)
    told = [Told(changes[p.line - _FIRST_LINE], p) for p in problems if p.line and p.line - _FIRST_LINE < len(changes)]
    return FeedPage(data, frame, tuple(changes), tuple(told))


def _text(value: object) -> str | None:
    """As the file says it. Line breaks have no place in these texts and would move the lines."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    return " ".join(str(value).splitlines())


def _rows(changes: Sequence[WelfareChange], table: HistoryTable) -> tuple[pl.DataFrame, list[Told]]:
    told: list[Told] = []
    rows: list[dict[str, Any]] = []
    for change in changes:
        problem = _wrong(change, table)
        if problem is not None:
            told.append(Told(change, problem))
            continue
        end = change.items.get("valid_to")
        rows.append(
            {
                **{name: change.items.get(name) for name in table.columns if name != "atena_no"},
                "atena_no": change.atena_no,
                "start": change.valid_from,
                "end": date.fromisoformat(str(end)) if end else None,
                "order": change.sequence,
                "line": None,
            }
        )
    schema = {**table.columns, "start": pl.Date(), "end": pl.Date(), "order": pl.Int64(), "line": pl.Int64()}
    return pl.DataFrame(rows, schema=schema), told


def _wrong(change: WelfareChange, table: HistoryTable) -> Problem | None:
    """The first thing that does not fit the table."""
    for field in _fields(table):
        value = change.items.get(field.column)
        name = str(field.verbose_name)
        if isinstance(field, models.BooleanField):
            if not isinstance(value, bool):
                return _problem(name, "真偽の値ではありません。")
            continue
        text = "" if value is None else value
        if not isinstance(text, str) or len(text) > (field.max_length or 0):
            return _problem(name, "文字でないか、長すぎます。")
        if not text and not field.blank:
            return _problem(name, "値がありません。")
        length = _DIGITS.get(field.column)
        if length is not None and not (len(text) == length and text.isascii() and text.isdigit()):
            return _problem(name, f"{length}けたの数字ではありません。")
    end = change.items.get("valid_to")
    try:
        if end is not None and date.fromisoformat(str(end)) < change.valid_from:
            return _problem("期間", "終わりが始まりより前です。")
    except ValueError:
        return _problem("期間", "日付として読めません。")
    return None


def _fields(table: HistoryTable) -> Iterable[Any]:
    return [f for f in table.model._meta.concrete_fields if f.column in table.columns and f.column != "atena_no"]


def _problem(field: str, message: str) -> Problem:
    return Problem("change_not_taken", message, field=field, severity=Severity.ERROR)
