"""What is computed on: visits (or monthly claims) as a frame, and a person's month as JSON for the command line."""

from datetime import date
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasuke.schemes.copayment.definition import Care

VISIT_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "person_id": pl.String(),
    "household_id": pl.String(),  # for caps over a household; null: the person
    "service_date": pl.Date(),
    "birth_date": pl.Date(),
    "copay_class": pl.String(),
    "coverage": pl.String(),  # of the entitlement: both, inpatient, outpatient_only; null: both
    "institution": pl.String(),
    "department": pl.String(),
    "care": pl.String(),
    "inpatient": pl.Boolean(),
    "visits": pl.Int64(),
    "first_visits": pl.Int64(),
    "days": pl.Int64(),
    "cost": pl.Int64(),
    "benefit_rate": pl.Int64(),
    "patient_share": pl.Int64(),
    "high_cost": pl.Int64(),  # null: computed for claims in kind when the scheme names a class
    "extra_benefit": pl.Int64(),
    "public_share": pl.Int64(),
    "meals": pl.Int64(),
    "uncovered": pl.Int64(),  # 選定療養などの特別の料金, outside cost and share
    "visit_shares": pl.List(pl.Int64()),
    "prescriber": pl.String(),
    "in_prefecture": pl.Boolean(),
    "insurer_no": pl.String(),
    "insurance_kind": pl.String(),
    "billed_in_kind": pl.Boolean(),
    "income_levy_zero": pl.Boolean(),
}

# Rows settled earlier: the same columns, and what was kept. Only these differ from a visit.
PRIOR_SCHEMA: dict[str, pl.DataType] = {"burden": pl.Int64(), "refund": pl.Int64(), "capped": pl.Boolean()}

_REQUIRED = ("id", "person_id", "service_date", "institution", "care", "inpatient")
_PRIOR_REQUIRED = ("person_id", "service_date", "burden")

_DEFAULTS: dict[str, int | bool | str] = {
    "institution": "",
    "care": Care.MEDICAL.value,
    "inpatient": False,
    "first_visits": 0,
    "cost": 0,
    "benefit_rate": 70,
    "extra_benefit": 0,
    "meals": 0,
    "uncovered": 0,
    "in_prefecture": True,
    "billed_in_kind": True,
}


class MissingColumns(ValueError):
    """A frame lacks columns without which nothing can be computed."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(f"必要な列がありません: {', '.join(columns)}")
        self.columns = columns


def normalise_visits(visits: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column of VISIT_SCHEMA, typed and with defaults. Raises MissingColumns."""
    _require(visits, _REQUIRED)
    high_cost_known = "high_cost" in visits.columns
    frame = _typed(visits, VISIT_SCHEMA).with_columns(*_default_expressions())
    return frame if high_cost_known else frame.with_columns(high_cost=pl.lit(0, dtype=pl.Int64))


def normalise_prior(prior: pl.DataFrame | None) -> pl.DataFrame:
    """Settled rows with every column of VISIT_SCHEMA and PRIOR_SCHEMA. Raises MissingColumns."""
    if prior is None:
        prior = pl.DataFrame(
            schema={name: pl.Date if name == "service_date" else pl.String for name in _PRIOR_REQUIRED}
        )
    _require(prior, _PRIOR_REQUIRED)
    frame = _typed(prior, {**VISIT_SCHEMA, **PRIOR_SCHEMA}).with_columns(*_default_expressions())
    return frame.with_columns(
        pl.col("id").fill_null(""),
        pl.col("high_cost").fill_null(0),
        pl.col("burden", "refund").fill_null(0),
        pl.col("capped").fill_null(value=False),
    )


def _require(frame: pl.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise MissingColumns(missing)


def _typed(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    have = frame.schema
    columns = [
        (pl.col(name) if name in have else pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()
    ]
    return frame.select(columns)


def _default_expressions() -> list[pl.Expr]:
    filled = [pl.col(name).fill_null(value) for name, value in _DEFAULTS.items()]
    days, visits = pl.col("days"), pl.col("visits")
    return [
        *filled,
        pl.coalesce(days, visits, pl.lit(1)).alias("days"),
        pl.coalesce(visits, days, pl.lit(1)).alias("visits"),
    ]


Yen = Annotated[int, Field(ge=0)]


class Visit(BaseModel):
    """One visit or one month's claim, as a clerk writes it into the JSON file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_date: date
    institution: str = ""
    department: str | None = None
    care: Care = Care.MEDICAL
    inpatient: bool = False
    visits: Annotated[int, Field(ge=0)] | None = None
    first_visits: Annotated[int, Field(ge=0)] = 0
    days: Annotated[int, Field(ge=0)] | None = None
    cost: Yen
    benefit_rate: Annotated[int, Field(ge=0, le=100)] = 70
    patient_share: Yen | None = None
    high_cost: Yen | None = None  # not known: computed for claims in kind when the scheme names a class
    extra_benefit: Yen = 0
    public_share: Yen | None = None
    meals: Yen = 0
    uncovered: Yen = 0
    visit_shares: list[Yen] | None = None
    prescriber: str | None = None
    in_prefecture: bool = True
    insurer_no: str | None = None
    insurance_kind: str | None = None
    billed_in_kind: bool = True


class Settled(BaseModel):
    """What the person already kept, for caps over a month or a year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_date: date
    institution: str = ""
    care: Care = Care.MEDICAL
    inpatient: bool = False
    visits: Annotated[int, Field(ge=0)] = 1
    first_visits: Annotated[int, Field(ge=0)] = 0
    days: Annotated[int, Field(ge=0)] = 1
    burden: Yen
    refund: Yen = 0
    capped: bool = False


class Visits(BaseModel):
    """A person's visits: the input of `tasuke copay`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person_id: str = "1"
    birth_date: date
    copay_class: str | None = None
    coverage: str | None = None
    income_levy_zero: bool | None = None
    visits: Annotated[list[Visit], Field(min_length=1)]
    prior: list[Settled] = []

    @field_validator("visits")
    @classmethod
    def _count_is_consistent(cls, visits: list[Visit]) -> list[Visit]:
        for number, visit in enumerate(visits, start=1):
            if visit.visits is not None and visit.first_visits > visit.visits:
                raise ValueError(f"{number}件目: 初診の回数が受診の回数を超えています")
        return visits

    def to_frame(self) -> pl.DataFrame:
        """The visits as a frame; ids are the places in the list, from "0001"."""
        person = self.model_dump(include={"person_id", "birth_date", "copay_class", "coverage", "income_levy_zero"})
        rows = [{"id": f"{n:04}", **person, **v.model_dump()} for n, v in enumerate(self.visits, start=1)]
        return pl.DataFrame(rows, schema_overrides=_overrides(rows))

    def prior_frame(self) -> pl.DataFrame | None:
        """The settled rows as a frame, None without any."""
        person = {"person_id": self.person_id, "birth_date": self.birth_date, "copay_class": self.copay_class}
        rows = [{"id": f"{n:04}", **person, **s.model_dump()} for n, s in enumerate(self.prior, start=1)]
        return pl.DataFrame(rows, schema_overrides=_overrides(rows)) if rows else None


def _overrides(rows: list[dict[str, object]]) -> dict[str, pl.DataType]:
    known = {**VISIT_SCHEMA, **PRIOR_SCHEMA}
    return {name: known[name] for row in rows[:1] for name in row}
