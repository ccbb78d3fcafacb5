"""The frames that the matching works on. All pure: no database, no clock."""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

Schema = dict[str, pl.DataType | type[pl.DataType]]

CLAIM_SCHEMA: Schema = {
    "line": pl.Int64,
    "receipt_no": pl.Int64,
    "agency": pl.String,
    "care": pl.String,
    "institution_code": pl.String,
    "institution_name": pl.String,
    "department": pl.String,
    "billed_month": pl.Date,
    "service_month": pl.Date,
    "receipt_type": pl.String,
    "inpatient": pl.Boolean,
    "name": pl.String,
    "kana": pl.String,
    "sex": pl.String,
    "birth_date": pl.Date,
    "insurer_no": pl.String,
    "symbol": pl.String,
    "number": pl.String,
    "branch_no": pl.String,
    "care_insurer_no": pl.String,
    "benefit_rate": pl.Int64,
    "cost": pl.Int64,
    "days": pl.Int64,
    "insurance_share": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
    "special_notes": pl.String,
    "search_no": pl.String,
    "karte_no": pl.String,
    "prescriber": pl.String,
    "visit_days": pl.Int64,
    "first_visits": pl.Int64,
    "name_has_replaced": pl.Boolean,
    "double_of": pl.Int64,
}
KOHI_SCHEMA: Schema = {
    "line": pl.Int64,
    "kohi_line": pl.Int64,
    "order": pl.Int64,
    "payer_no": pl.String,
    "recipient_no": pl.String,
    "days": pl.Int64,
    "cost": pl.Int64,
    "copay": pl.Int64,
    "outpatient_copay": pl.Int64,
    "inpatient_copay": pl.Int64,
    "meals_count": pl.Int64,
    "meals_cost": pl.Int64,
}
ENTITLEMENT_SCHEMA: Schema = {
    "entitlement_id": pl.Int64,
    "scheme": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "payer_no": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "band": pl.String,
    "coverage": pl.String,
    "copay_class": pl.String,
    "funding": pl.String,
    "ward_code": pl.String,
    "loss_reason": pl.String,
}
# An entitlement as it was recorded before a correction or a loss: what a certificate said on the day.
SUPERSEDED_SCHEMA: Schema = {
    "scheme": pl.String,
    "atena_no": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "known_to": pl.Date,
}
HOLDER_SCHEMA: Schema = {"scheme": pl.String, "recipient_no": pl.String, "atena_no": pl.String}
PERSON_SCHEMA: Schema = {
    "atena_no": pl.String,
    "resident_status": pl.String,
    "name": pl.String,
    "name_kana": pl.String,
    "alias": pl.String,
    "sex": pl.String,
    "birth_date": pl.Date,
}
INSURANCE_SCHEMA: Schema = {
    "atena_no": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "insurance_kind": pl.String,
    "insurer_no": pl.String,
}
# A claim of an earlier file that still counts (accepted, or an open query).
EARLIER_SCHEMA: Schema = {
    "claim_id": pl.Int64,
    "search_no": pl.String,
    "receipt_no": pl.Int64,
    "billed_month": pl.Date,
    "scheme": pl.String,
    "atena_no": pl.String,
    "institution_code": pl.String,
    "service_month": pl.Date,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "insurer_no": pl.String,
    "prescriber": pl.String,
    "cost": pl.Int64,
    "days": pl.Int64,
    "visit_days": pl.Int64,
}
# Care that was paid to the person already (支給決定した償還払い).
REIMBURSED_SCHEMA: Schema = {
    "receipt_no": pl.String,
    "atena_no": pl.String,
    "institution_code": pl.String,
    "service_date": pl.Date,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "amount": pl.Int64,
}
PAYER_SCHEMA: Schema = {"payer_no": pl.String, "scheme": pl.String}
YIELDS_SCHEMA: Schema = {"scheme": pl.String, "other": pl.String}


def typed(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame with exactly the columns of the schema; a missing column is null."""
    have = frame.columns
    return frame.select(
        [(pl.col(name) if name in have else pl.lit(None)).cast(kind).alias(name) for name, kind in schema.items()]
    )


def empty(schema: Schema) -> pl.DataFrame:
    """A frame of the schema without rows."""
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True, slots=True)
class Register:
    """What the claims are held against: the city's own books, loaded once per run.

    entitlements: all current rows, past ones too. holders: who was given which number, also where nothing came of it
    (None: as the entitlements say). payers: the city's payer numbers. yields: scheme gives way to other.
    oldest_service_month: claims for months before it come too late (None: nobody has confirmed a limit).
    superseded: entitlements as they were known before. unsettled_insurers: schemes that name insurers whose numbers
    nobody has confirmed. totals: what a file says of itself and what it holds, where both differ. reexamined: (line,
    reexamined) = receipts that take the place of a claim after 再審査.
    """

    entitlements: pl.DataFrame
    persons: pl.DataFrame
    insurance: pl.DataFrame
    payers: pl.DataFrame
    prefecture_code: str
    yields: pl.DataFrame = field(default_factory=lambda: empty(YIELDS_SCHEMA))
    earlier: pl.DataFrame = field(default_factory=lambda: empty(EARLIER_SCHEMA))
    reimbursed: pl.DataFrame = field(default_factory=lambda: empty(REIMBURSED_SCHEMA))
    oldest_service_month: date | None = None
    holders: pl.DataFrame | None = None
    superseded: pl.DataFrame = field(default_factory=lambda: empty(SUPERSEDED_SCHEMA))
    unsettled_insurers: frozenset[str] = frozenset()
    totals: tuple[str, str] | None = None
    reexamined: pl.DataFrame | None = None
