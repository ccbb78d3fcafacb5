"""Decided frames into the tables of this area, by COPY inside the caller's transaction."""

import polars as pl
from django.db.backends.base.base import BaseDatabaseWrapper

from tasuke.platform.bulk import copy_in
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE
from tasuke.systems.subsidy.registry.wards import wards_frame, with_ward

_TEXT = (
    "agency",
    "care",
    "institution_code",
    "institution_name",
    "department",
    "prescriber",
    "receipt_type",
    "search_no",
    "karte_no",
    "name",
    "kana",
    "sex",
    "insurer_no",
    "symbol",
    "number",
    "branch_no",
    "care_insurer_no",
    "special_notes",
    "payer_no",
    "recipient_no",
    "atena_no",
    "funding",
    "band",
    "copay_class",
    "ward_code",
    "copay_version",
)
_ZERO = ("cost", "visit_days", "first_visits", "billed_burden", "patient_share")
_AS_IS = (
    "line",
    "billed_month",
    "service_month",
    "inpatient",
    "receipt_no",
    "birth_date",
    "benefit_rate",
    "days",
    "insurance_share",
    "meals_count",
    "meals_cost",
    "kohi_order",
    "kohi_days",
    "kohi_cost",
    "entitlement_id",
    "public_share",
    "basis",
    "burden_low",
    "burden",
    "subsidy",
    "meals_subsidy",
    "expected_subsidy",
    "expected_meals",
    "state",
    "reasons",
)
_KOHI = (
    "order",
    "payer_no",
    "recipient_no",
    "days",
    "cost",
    "copay",
    "outpatient_copay",
    "inpatient_copay",
    "meals_count",
    "meals_cost",
)


def store_decided(
    connection: BaseDatabaseWrapper, file_id: int, chunk: pl.DataFrame, kohi: pl.DataFrame, findings: pl.DataFrame
) -> None:
    """Append a chunk of decided claims with the 公費 and findings that belong to it."""
    lines = chunk.select("line")
    # the ward of the day of care: what the claim counts for, wherever the family lives when the claim comes in
    wards = wards_frame(using=connection.alias, atena_nos=chunk["atena_no"].drop_nulls())
    placed = with_ward(chunk, wards, day=pl.col("service_date"))
    copy_in(connection, "subsidy_claim", claim_rows(file_id, placed))
    own = kohi.join(lines, on="line", how="semi")
    copy_in(
        connection,
        "subsidy_claim_kohi",
        own.select(_id(file_id).alias("claim_id"), *_KOHI).with_columns(
            pl.col("payer_no", "recipient_no").fill_null("")
        ),
    )
    found = findings.join(lines, on="line", how="semi")
    copy_in(
        connection,
        "subsidy_claim_finding",
        found.select(_id(file_id).alias("claim_id"), "reason", "billed", "ours", "rule"),
    )


def claim_rows(file_id: int, chunk: pl.DataFrame) -> pl.DataFrame:
    """The rows of subsidy_claim. Texts that a claim does not say are empty, never null."""
    return chunk.select(
        _id(file_id).alias("id"),
        pl.lit(file_id, dtype=pl.Int64).alias("file_id"),
        *[pl.col(c).fill_null("") for c in _TEXT],
        *[pl.col(c).fill_null(0) for c in _ZERO],
        *_AS_IS,
        pl.col("match_scheme").fill_null("").alias("scheme"),
    )


def _id(file_id: int) -> pl.Expr:
    return pl.lit(file_id * LINES_PER_FILE, dtype=pl.Int64) + pl.col("line")
