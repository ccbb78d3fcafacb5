"""From the texts of a block to typed rows: a second look at doubtful values, then the rules between fields."""

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.csv_layout.columns import good_expr, typed_expr
from tasuke.formats.csv_layout.context import FileContext
from tasuke.formats.csv_layout.definition import Field, Rule
from tasuke.formats.csv_layout.records import Bools, Ints
from tasuke.formats.csv_layout.values import Reading, read_value


def read_rows(context: FileContext, texts: pl.DataFrame, lines: Ints, *, controls: bool) -> pl.DataFrame:
    """The good rows of a block, typed, with `line`. Rows that have an error are told and left out."""
    again = _repeated_header(context, texts, lines)
    if again.any():
        texts, lines = texts.filter(~again), lines[~again]
    good = texts.select(good_expr(field, controls=controls) for field in context.fields)
    bad = np.zeros(len(lines), dtype=np.bool_)
    mended = []
    for field in context.fields:
        doubtful = np.flatnonzero(~good[field.name].to_numpy()).astype(np.int64)
        if len(doubtful):
            mended.append(_second_look(context, texts[field.name], field, lines, doubtful, bad))
    typed = texts.with_columns(mended).select(typed_expr(field) for field in context.layout.fields)
    typed = typed.insert_column(0, pl.Series("line", lines, dtype=pl.Int64))
    return _apply_rules(context, typed.filter(~bad) if bad.any() else typed)


def _repeated_header(context: FileContext, texts: pl.DataFrame, lines: Ints) -> Bools:
    """Rows that are the header once more: two files were put together."""
    first, second = context.fields[:2]
    again = texts.select((pl.col(first.name) == first.label) & (pl.col(second.name) == second.label)).to_series()
    rows = again.fill_null(value=False).to_numpy()
    for line in lines[rows].tolist():
        message = "見出し行が途中にもあります。2つのファイルがつながっていないか確認してください。"
        context.log.add(Problem("header_repeated", message, line=line))
    return rows


def _second_look(
    context: FileContext, texts: pl.Series, field: Field, lines: Ints, doubtful: Ints, bad: Bools
) -> pl.Series:
    """Read doubtful values one by one (each different text once). Marks rows in `bad`; gives the column put right."""
    seen: dict[str | None, Reading] = {}
    right: list[str | None] = []
    for row, raw in zip(doubtful.tolist(), texts.gather(doubtful).to_list(), strict=True):
        reading = seen.get(raw)
        if reading is None:
            reading = seen[raw] = read_value(field, raw)
        right.append(reading.text)
        if reading.code is None:
            continue
        bad[row] |= reading.severity is Severity.ERROR
        context.tell(
            code=reading.code,
            message=reading.message,
            line=int(lines[row]),
            field=field,
            value=raw,
            severity=reading.severity,
        )
    return texts.clone().scatter(doubtful, pl.Series(right, dtype=pl.String))


def _apply_rules(context: FileContext, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose fields are good each, but not together, are told; those with an error are left out."""
    rules = context.layout.rules
    if not rules or rows.is_empty():
        return rows
    broken = rows.select(rule.broken.fill_null(value=False).alias(str(number)) for number, rule in enumerate(rules))
    bad = np.zeros(rows.height, dtype=np.bool_)
    for number, rule in enumerate(rules):
        hit = broken[str(number)].to_numpy()
        if hit.any():
            _tell_rule(context, rule, rows.filter(hit))
            bad |= hit & (rule.severity is Severity.ERROR)
    return rows.filter(~bad) if bad.any() else rows


def _tell_rule(context: FileContext, rule: Rule, rows: pl.DataFrame) -> None:
    field = context.layout.field(rule.field)
    for line, value in rows.select("line", pl.col(rule.field).cast(pl.String)).iter_rows():
        context.tell(code=rule.code, message=rule.message, line=line, field=field, value=value, severity=rule.severity)
