"""Decided lines into the tables of this area, inside the caller's transaction."""

from datetime import date, datetime

import polars as pl
from django.db.backends.base.base import BaseDatabaseWrapper

from tasuke.platform.bulk import copy_in, copy_out
from tasuke.systems.subsidy.registry.wards import wards_frame, with_ward

_GROUP = ("receipt_id", "scheme", "atena_no", "funding", "outcome")


def store_decisions(
    connection: BaseDatabaseWrapper, decided: pl.DataFrame, *, on: date, run_id: int, recorded_at: datetime
) -> None:
    """Append 支給決定・不支給 by receipt, person, scheme and funding with their lines, and holds."""
    wards = wards_frame(using=connection.alias, atena_nos=decided["atena_no"])
    rows = with_ward(decided, wards, day=pl.col("service_date")).with_columns(funding=pl.col("e_funding").fill_null(""))
    final = rows.filter(pl.col("outcome") != "held")
    copy_in(connection, "subsidy_reimbursement", _reimbursements(final, on, run_id, recorded_at))
    ids = copy_out(
        connection,
        "SELECT receipt_id, scheme, atena_no, funding, outcome, id FROM subsidy_reimbursement WHERE run_id = %s",
        [run_id],
        schema={
            "receipt_id": pl.Int64,
            **dict.fromkeys(_GROUP[1:], pl.String),
            "reimbursement_id": pl.Int64,
        },
    ).with_columns(pl.col("funding").fill_null(""))
    lines = final.join(ids, on=list(_GROUP), maintain_order="left").select(
        "reimbursement_id",
        "outcome",
        "reasons",
        "basis",
        "burden",
        "subsidy",
        "meals_subsidy",
        pl.col("line_id").alias("receipt_line_id"),
        pl.col("e_entitlement_id").alias("entitlement_id"),
        pl.col("e_band").fill_null("").alias("band"),
        pl.col("copay_version").fill_null(""),
    )
    copy_in(connection, "subsidy_reimbursement_line", lines)
    held = rows.filter(pl.col("outcome") == "held").select(
        "reasons",
        pl.col("line_id").alias("receipt_line_id"),
        pl.lit(run_id, dtype=pl.Int64).alias("run_id"),
        pl.lit(on).alias("held_on"),
    )
    copy_in(connection, "subsidy_receipt_hold", held)


def _reimbursements(final: pl.DataFrame, on: date, run_id: int, recorded_at: datetime) -> pl.DataFrame:
    grouped = final.group_by(list(_GROUP), maintain_order=True).agg(
        pl.col("applicant_atena_no").first().alias("payee_atena_no"),
        pl.coalesce("e_recipient_no", "recipient_no").first().alias("recipient_no"),
        pl.col("ward_code").first(),  # where the person lived on the first day of care
        pl.col("amount").sum(),
    )
    return grouped.with_columns(
        decided_on=pl.lit(on),
        run_id=pl.lit(run_id, dtype=pl.Int64),
        recorded_at=pl.lit(recorded_at.isoformat()),
    )
