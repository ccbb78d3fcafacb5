"""The two frames that an assessment reads: one row a person, one row a person whose income counts and a year."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import polars as pl
from polars._typing import PolarsDataType

PERSON_COLUMNS: Mapping[str, PolarsDataType] = {
    "id": pl.String,
    "birth_date": pl.Date,
    "role": pl.String,
    "resident_from": pl.Date,
    "resident_to": pl.Date,
    "insured_from": pl.Date,
    "insured_to": pl.Date,
    "insurance_kind": pl.String,
    "public_assistance": pl.Boolean,
    "facility": pl.String,
    "held_kinds": pl.List(pl.String),
    "judo_mental_only": pl.Boolean,
    "single_parent_reason": pl.Int64,
    "single_parent_from": pl.Date,
    "de_facto_spouse": pl.Boolean,
    "child_birth_date": pl.Date,
    "has_child": pl.Boolean,
    "disability_middle": pl.Boolean,
    "in_school": pl.Boolean,
    "dependent": pl.Boolean,
    "physical_grade": pl.Int64,
    "physical_internal": pl.Boolean,
    "intellectual": pl.String,
    "mental_grade": pl.Int64,
    "application_date": pl.Date,
    "event": pl.String,
    "event_date": pl.Date,
}

INCOME_COLUMNS: Mapping[str, PolarsDataType] = {
    "person_id": pl.String,
    "subject_id": pl.String,
    "subject": pl.String,
    "income_year": pl.Int64,
    "status_code": pl.Int64,
    "total_income": pl.Int64,
    "salary_income": pl.Int64,
    "pension_income": pl.Int64,
    "deduction_casualty": pl.Int64,
    "deduction_medical": pl.Int64,
    "deduction_small_business": pl.Int64,
    "deduction_spouse_special": pl.Int64,
    "disabled_count": pl.Int64,
    "special_disabled_count": pl.Int64,
    "widow": pl.Boolean,
    "single_parent": pl.Boolean,
    "working_student": pl.Boolean,
    "dependents": pl.Int64,
    "dependents_elderly": pl.Int64,
    "elderly_spouse": pl.Boolean,
    "dependents_specific": pl.Int64,
    "dependents_16_18": pl.Int64,
    "income_levy": pl.Int64,
    "child_support": pl.Int64,
    "source": pl.String,
}

FEW_ROWS = 2000
_AS_WRITTEN = pl.QueryOptFlags.none()  # stages are laid out by hand; for a single case planning would cost the most
_REQUIRED = {"id", "birth_date", "role", "person_id", "subject", "income_year"}


class MissingColumns(ValueError):
    """A frame lacks columns without which nothing can be judged."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(f"列がありません: {', '.join(columns)}")
        self.columns = columns


def normalise_persons(persons: pl.DataFrame) -> pl.DataFrame:
    """The persons with every column of PERSON_COLUMNS in its type (and `on` where given).

    A missing column is null, a null flag is false, and `has_child` follows from `child_birth_date` where not given.
    The flags disability_middle, in_school and dependent of a parent or caregiver speak of the youngest child.
    Raises MissingColumns.
    """
    columns = _person_expressions(tuple(persons.schema.items()))
    return collected(pick_columns(persons.lazy(), columns, rows=persons.height))


def normalise_incomes(incomes: pl.DataFrame) -> pl.DataFrame:
    """The incomes with every column of INCOME_COLUMNS in its type; missing columns are null. Raises MissingColumns."""
    columns = _income_expressions(tuple(incomes.schema.items()))
    return collected(pick_columns(incomes.lazy(), columns, rows=incomes.height))


def add_columns(frame: pl.LazyFrame, stage: Sequence[pl.Expr], *, rows: int) -> pl.LazyFrame:
    """The same columns either way: on few rows, handing each expression to a thread costs more than computing it."""
    return frame.with_columns_seq(*stage) if rows < FEW_ROWS else frame.with_columns(*stage)


def pick_columns(frame: pl.LazyFrame, columns: Sequence[pl.Expr], *, rows: int) -> pl.LazyFrame:
    """As `add_columns`, keeping only these."""
    return frame.select_seq(*columns) if rows < FEW_ROWS else frame.select(*columns)


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Compute as written, in memory: the streaming engine costs a single case half as much again."""
    return frame.collect(optimizations=_AS_WRITTEN, engine="in-memory")


def empty_incomes() -> pl.DataFrame:
    """No incomes at all."""
    return pl.DataFrame(schema=dict(INCOME_COLUMNS))


Given = tuple[tuple[str, pl.DataType], ...]


@lru_cache(maxsize=64)  # frames of a few shapes come again and again
def _person_expressions(given: Given) -> tuple[pl.Expr, ...]:
    schema = dict(given)
    exprs = _expressions(schema, PERSON_COLUMNS, fill=True)
    if "has_child" not in schema:
        born = pl.col("child_birth_date").is_not_null() if "child_birth_date" in schema else pl.lit(False)
        exprs["has_child"] = born.alias("has_child")
    if "on" in schema:
        exprs["on"] = pl.col("on").cast(pl.Date)
    return tuple(exprs.values())


@lru_cache(maxsize=64)
def _income_expressions(given: Given) -> tuple[pl.Expr, ...]:
    return tuple(_expressions(dict(given), INCOME_COLUMNS, fill=False).values())


def _expressions(
    given: Mapping[str, pl.DataType], columns: Mapping[str, PolarsDataType], *, fill: bool
) -> dict[str, pl.Expr]:
    missing = [name for name in columns if name in _REQUIRED and name not in given]
    if missing:
        raise MissingColumns(missing)
    return {name: _expression(name, kind, given.get(name), fill=fill) for name, kind in columns.items()}


def _expression(name: str, kind: PolarsDataType, given: pl.DataType | None, *, fill: bool) -> pl.Expr:
    flag = fill and kind == pl.Boolean
    if given is None:
        return pl.lit(False if flag else None, dtype=kind).alias(name)
    column = pl.col(name)
    if given != kind:
        column = column.cast(kind)
    return column.fill_null(value=False) if flag else column
