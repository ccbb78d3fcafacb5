"""Whether persons are recipients of a scheme, why or why not, from when to when, and in which class.

The same code judges one person at the counter and a million at the renewal. No clock, no database: the day is `on`.
"""

from datetime import date, timedelta
from functools import lru_cache

import polars as pl

from tasuke.schemes.definition import NoVersionInForce, Scheme, Version
from tasuke.schemes.frames import collected, normalise_incomes, normalise_persons, pick_columns
from tasuke.schemes.judgement import Judged, compiled, decoded, judge
from tasuke.schemes.who_columns import COVERAGE_MASK

__all__ = ["RESULT_COLUMNS", "NoVersionInForce", "assess", "judge_each"]

RESULT_COLUMNS = {
    "id": pl.String(),
    "outcome": pl.String(),
    "reasons": pl.List(pl.String),
    "start": pl.Date(),
    "end": pl.Date(),
    "band": pl.String(),
    "coverage": pl.String(),
    "copay_class": pl.String(),
    "funding": pl.String(),
    "funding_coverage": pl.String(),
    "income_year": pl.Int64(),
    "deciding_subject_id": pl.String(),
    "net_income": pl.Int64(),
    "income_limit": pl.Int64(),
    "version": pl.String(),
    "version_hash": pl.String(),
}


def assess(
    scheme: Scheme,
    persons: pl.DataFrame,
    incomes: pl.DataFrame,
    on: date,
    confirmed: frozenset[str] = frozenset(),
) -> pl.DataFrame:
    """One row a person, in the order of `persons`, with RESULT_COLUMNS.

    persons, incomes: as in `frames` (missing optional columns are filled). on: the day that is judged, i.e. the day on
    which the entitlement is to begin or to go on; a column `on` of persons goes before it, row by row. confirmed: keys
    of 未確認 values that the municipality has confirmed. start and end (exclusive) are null for a rejection.
    Raises NoVersionInForce when a row's day lies before the first version, MissingColumns.
    """
    pieces = [_result(version, judged) for version, judged in judge_each(scheme, persons, incomes, on, confirmed)]
    if not pieces:
        return pl.DataFrame(schema=RESULT_COLUMNS)
    result = pieces[0] if len(pieces) == 1 else pl.concat(pieces).sort("_row")
    return pl.DataFrame([result[name] for name in RESULT_COLUMNS])


def judge_each(
    scheme: Scheme,
    persons: pl.DataFrame,
    incomes: pl.DataFrame,
    on: date,
    confirmed: frozenset[str],
    *,
    every_column: bool = False,
) -> list[tuple[Version, Judged]]:
    """The judgement with all its columns, one piece for each version that is needed."""
    rows = normalise_persons(persons)
    day = pl.col("on").fill_null(on) if "on" in rows.columns else pl.lit(on, dtype=pl.Date).alias("on")
    rows = rows.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("_row"), day)
    money = normalise_incomes(incomes)
    return [
        (version, judge(compiled(scheme, version), part, money, confirmed, every_column=every_column))
        for version, part in _by_version(scheme, rows)
    ]


def _by_version(scheme: Scheme, rows: pl.DataFrame) -> list[tuple[Version, pl.DataFrame]]:
    if rows.height == 0:
        return []
    first, last = rows["on"].min(), rows["on"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    version = scheme.version_on(first)
    if scheme.version_on(last) is version:
        return [(version, rows)]
    parts: list[tuple[Version, pl.DataFrame]] = []
    ends = [v.valid_from for v in scheme.version[1:]] + [last + timedelta(days=1)]
    for entry, end in zip(scheme.version, ends, strict=True):
        part = rows.filter((pl.col("on") >= entry.valid_from) & (pl.col("on") < end))
        if part.height:
            parts.append((entry, part))
    return parts


def _result(version: Version, judged: Judged) -> pl.DataFrame:
    columns = _result_columns(version.id, version.hash)
    frame = collected(pick_columns(judged.persons, columns, rows=judged.rows))
    return frame.hstack(list(decoded(frame["_mask"])))


@lru_cache(maxsize=256)
def _result_columns(version: str, version_hash: str) -> tuple[pl.Expr, ...]:
    accepted = pl.col("_accepted")
    asked = pl.col("_asked")
    return (
        pl.col("_row", "_mask", "id"),
        pl.when(accepted).then("_start").alias("start"),
        pl.when(accepted).then("_end").alias("end"),
        pl.col("_band").alias("band"),
        pl.when(accepted).then(_coverage_word("_coverage")).alias("coverage"),
        pl.when(accepted).then("_copay_class").alias("copay_class"),
        pl.when(accepted).then("_funding").alias("funding"),
        pl.when(accepted).then(_coverage_word("_funding_coverage")).alias("funding_coverage"),
        pl.col("_income_year").alias("income_year"),
        pl.col("_inc_subject_id").alias("deciding_subject_id"),
        pl.when(asked).then("_inc_value").alias("net_income"),
        pl.when(asked).then("_inc_limit").alias("income_limit"),
        pl.lit(version).alias("version"),
        pl.lit(version_hash).alias("version_hash"),
    )


def _coverage_word(column: str) -> pl.Expr:
    words = {mask: str(name) for name, mask in COVERAGE_MASK.items()}
    table = pl.Series([words.get(mask) for mask in range(4)], dtype=pl.String)
    return pl.lit(table).gather(pl.col(column))
