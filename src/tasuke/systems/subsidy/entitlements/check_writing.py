"""Open and close checks of the insurance: the question as a held decision, its answer on the same row."""

from datetime import date, datetime

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_in, staging
from tasuke.systems.subsidy.entitlements.ledger import add_decisions
from tasuke.systems.subsidy.entitlements.models import DecisionKind, InsuranceCheck


def ask_insurance(*, using: str, held: pl.DataFrame, on: date, now: datetime, run_id: int | None) -> int:
    """Open the checks that are new among `held`, each with a held decision that a letter can refer to; their number."""
    fresh = held.filter(pl.col("check_id").is_null())
    if fresh.is_empty():
        return 0
    decided = add_decisions(
        using=using,
        rows=fresh.drop("decision_id").with_columns(
            pl.lit(DecisionKind.CHANGE.value).alias("kind"),
            pl.lit("pending").alias("outcome"),
            pl.lit(None, dtype=pl.Int64).alias("application_id"),
            pl.lit(on).alias("decided_on"),
            pl.col("valid_from").alias("start"),
            pl.col("missing_from").alias("end"),
        ),
        now=now,
        run_id=run_id,
    )
    rows = decided.select("scheme", "atena_no", "missing_from", "due_on", "decision_id", opened_on=pl.lit(on))
    copy_in(connections[using], InsuranceCheck._meta.db_table, rows.with_columns(result=pl.lit("")))
    return rows.height


def close_checks(*, using: str, closings: pl.DataFrame, on: date) -> None:
    """Write how checks ended. closings: check_id, result."""
    if closings.is_empty():
        return
    connection = connections[using]
    rows = closings.select("check_id", "result")
    types = {"check_id": "bigint", "result": "varchar(10)"}
    with staging(connection, rows, types) as name, connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE subsidy_insurance_check k SET closed_on = %s, result = s.result FROM {name} s "  # noqa: S608
            "WHERE s.check_id = k.id AND k.closed_on IS NULL",
            [on],
        )
