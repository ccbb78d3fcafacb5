"""Frames of the fact tables."""

from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out

BENEFITS = {
    "month": pl.Date,
    "service_month": pl.Date,
    "scheme": pl.String,
    "band": pl.String,
    "ward_code": pl.String,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "funding": pl.String,
    "method": pl.String,
    "claims": pl.Int64,
    "persons": pl.Int64,
    "days": pl.Int64,
    "cost": pl.Int64,
    "burden": pl.Int64,
    "subsidy": pl.Int64,
}
RECIPIENTS = {
    "month": pl.Date,
    "scheme": pl.String,
    "band": pl.String,
    "ward_code": pl.String,
    "role": pl.String,
    "copay_class": pl.String,
    "funding": pl.String,
    "persons": pl.Int64,
}


def benefit_facts(*, using: str, first: date, last: date) -> pl.DataFrame:
    """Benefit cells of the months first … last (both months' first days)."""
    columns = ", ".join(BENEFITS)
    return copy_out(
        connections[using],
        f"SELECT {columns} FROM subsidy_benefit_fact WHERE month BETWEEN %s AND %s ORDER BY id",  # noqa: S608
        [first, last],
        schema=BENEFITS,
    )


def recipient_facts(*, using: str, first: date, last: date) -> pl.DataFrame:
    """Recipient cells of the months first … last."""
    columns = ", ".join(RECIPIENTS)
    return copy_out(
        connections[using],
        f"SELECT {columns} FROM subsidy_recipient_fact WHERE month BETWEEN %s AND %s ORDER BY id",  # noqa: S608
        [first, last],
        schema=RECIPIENTS,
    )
