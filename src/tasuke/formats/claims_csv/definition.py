"""What a mapping may say: the file's form, the fields of a claim and of its 公費, the total row."""

from enum import StrEnum
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tasuke.formats.uke.frames import CLAIM_SCHEMA, KOHI_SCHEMA, Schema

CLAIM_FIELDS: Schema = {
    name: dtype for name, dtype in CLAIM_SCHEMA.items() if name not in ("line", "name_has_replaced", "double_of")
}
KOHI_FIELDS: Schema = {name: dtype for name, dtype in KOHI_SCHEMA.items() if name not in ("line", "kohi_line", "order")}
MONTH_FIELDS = frozenset({"billed_month", "service_month"})
MONEY_FIELDS = frozenset({"cost", "insurance_share", "meals_cost", "copay", "outpatient_copay", "inpatient_copay"})
# Without these a claim means nothing; 入外 comes from receipt_type or is given itself.
REQUIRED_FIELDS = ("agency", "care", "institution_code", "billed_month", "service_month", "name", "cost")
CLOSED_VALUES: dict[str, tuple[str, ...]] = {
    "agency": ("1", "2"),
    "care": ("medical", "dental", "pharmacy", "nursing"),
    "sex": ("1", "2"),
}

Text = Annotated[str, StringConstraints(min_length=1)]
Column = Annotated[int, Field(ge=1, le=1000)] | Text


class DateForm(StrEnum):
    """How a date or a month is written."""

    YYYYMMDD = "yyyymmdd"  # 20260501; of a month 202605
    GYYMMDD = "gyymmdd"  # 5080501; of a month 50805 (1明 2大 3昭 4平 5令)
    ISO = "yyyy-mm-dd"  # 2026-05-01; of a month 2026-05
    SLASH = "yyyy/mm/dd"  # 2026/5/1; of a month 2026/5
    WAREKI = "wareki"  # 令和8年5月1日, R8.5.1, R08/05/01; of a month without the day


class Unit(StrEnum):
    """What a figure counts."""

    YEN = "yen"
    POINTS = "points"  # one point = 10 yen
    THOUSAND_YEN = "thousand_yen"


YEN_PER_UNIT: dict[Unit, int] = {Unit.YEN: 1, Unit.POINTS: 10, Unit.THOUSAND_YEN: 1000}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Model):
    """The form of the file."""

    encoding: Literal["cp932", "utf-8"] = "cp932"
    delimiter: Literal[",", "\t", ";", "|"] = ","
    quoted: bool = True  # fields may stand in double quotes
    header_rows: Annotated[int, Field(ge=0, le=20)] = 1
    title_row: Annotated[int, Field(ge=0, le=20)] = 1  # which of the header rows has the column titles, 0 = none
    titles: tuple[str, ...] = ()  # all titles in order, when the file itself has none or when they must all be there

    @model_validator(mode="after")
    def _title_row_is_a_header_row(self) -> "File":
        if self.title_row > self.header_rows:
            raise ValueError("title_row は header_rows 以下で書きます")
        if len(set(self.titles)) != len(self.titles):
            raise ValueError("titles に同じ列名が2回あります")
        return self


class FieldMapping(_Model):
    """One field of a claim or of a 公費: where it stands or what it always is."""

    name: Text
    column: Column | None = None  # number (from 1) or title
    constant: str | int | bool | None = None
    date: DateForm | None = None
    unit: Unit = Unit.YEN
    values: dict[str, str] = {}  # text in the file → our value ("" = none); what is not listed is a mistake
    zero_pad: Annotated[int, Field(ge=0, le=30)] = 0

    @model_validator(mode="after")
    def _column_or_constant(self) -> "FieldMapping":
        if (self.column is None) == (self.constant is None):
            raise ValueError("column か constant のどちらか一つを書きます")
        return self


class Kohi(_Model):
    """One 公費 of the row. It exists when `present` (a column) is filled, or without that when payer_no is."""

    present: Column | None = None
    field: tuple[FieldMapping, ...]


class Rows(_Model):
    """Kinds of rows by one column (レコード種別): rows of `data` are claims, rows of `skip` are passed over."""

    column: Column
    data: tuple[Text, ...]
    skip: tuple[Text, ...] = ()


class Total(_Model):
    """The total row: the row whose `column` is `value`; count and sums are checked."""

    column: Column
    value: Text
    count: Column | None = None
    cost: Column | None = None
    copay: Column | None = None
    unit: Unit = Unit.YEN  # of cost
    required: bool = True


class Mapping(_Model):
    """A complete mapping."""

    id: Text
    title: Text
    source: str = ""
    file: File = File()
    field: tuple[FieldMapping, ...]
    kohi: tuple[Kohi, ...] = ()
    rows: Rows | None = None
    total: Total | None = None
    unique: tuple[str, ...] = ()  # fields that no two claims share; empty: whole rows are compared

    def claim_field(self, name: str) -> FieldMapping | None:
        """The mapping of one field of the claim."""
        return next((field for field in self.field if field.name == name), None)


def dtype_of(name: str) -> type[pl.DataType]:
    """Type of a field of a claim or of a 公費."""
    return CLAIM_FIELDS.get(name) or KOHI_FIELDS[name]
