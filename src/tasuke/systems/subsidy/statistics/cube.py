"""The cells of the cube from the ledgers. Pure: frames in, frames out; every total can be checked at its source."""

from datetime import date

import polars as pl

KEYS = ("month", "service_month", "scheme", "band", "ward_code", "care", "inpatient", "funding", "method")
MEASURES = ("claims", "persons", "days", "cost", "burden", "subsidy")
RECIPIENT_KEYS = ("month", "scheme", "band", "ward_code", "role", "copay_class", "funding")


def benefit_cells(ledger: pl.DataFrame, *, month: date) -> pl.DataFrame:
    """Cells of a settlement month. ledger: rows with KEYS but month, atena_no, and days/cost/burden/subsidy; a row
    that takes back an earlier one has negative figures and `count` -1, so that counts fall too."""
    measured = ledger.with_columns(month=pl.lit(month), meals=pl.col("meals_subsidy").fill_null(0))
    blank = [pl.col(c).fill_null("") for c in ("band", "ward_code", "funding", "care")]
    return (
        measured.with_columns(blank)
        .group_by(KEYS)
        .agg(
            claims=pl.col("count").sum(),
            persons=pl.col("atena_no").n_unique(),
            days=pl.col("days").fill_null(0).sum(),
            cost=pl.col("cost").sum(),
            burden=pl.col("burden").sum(),
            subsidy=(pl.col("subsidy") + pl.col("meals")).sum(),
        )
        .sort(KEYS)
    )


def recipient_cells(entitlements: pl.DataFrame, *, month: date, last_day: date) -> pl.DataFrame:
    """Recipients in force on the last day of a month. entitlements: current rows of all schemes with the ward_code of
    that day."""
    in_force = (pl.col("valid_from") <= last_day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > last_day))
    blank = [pl.col(c).fill_null("") for c in ("band", "ward_code", "role", "copay_class", "funding")]
    return (
        entitlements.filter(in_force)
        .with_columns(blank)
        .with_columns(month=pl.lit(month))
        .group_by(RECIPIENT_KEYS)
        .agg(persons=pl.col("atena_no").n_unique())
        .sort(RECIPIENT_KEYS)
    )
