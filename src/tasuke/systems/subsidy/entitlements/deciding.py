"""Decide new applications: which cases they are, and what a decision writes. The same for batch and counter."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out, staging
from tasuke.systems.subsidy.entitlements.change_writing import write_changes
from tasuke.systems.subsidy.entitlements.changes import find_changes
from tasuke.systems.subsidy.entitlements.judging import REASONS, ROLES, Rules
from tasuke.systems.subsidy.entitlements.ledger import (
    add_decisions,
    add_entitlements,
    clip_to_free_time,
    number_recipients,
)
from tasuke.systems.subsidy.entitlements.losses import yield_lower
from tasuke.systems.subsidy.entitlements.models import ApplicationState, DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame

# 標準処理期間 is 30 to 60 days where a city has set one
LONGEST_PROCESSING = timedelta(days=90)
_APPLICATIONS = """
SELECT a.id, a.id, a.application_no, a.atena_no, a.role, a.reason, a.received_on, a.event_date, p.judged_on,
       p.reasons
FROM subsidy_application a
LEFT JOIN LATERAL (
  SELECT d.judged_on, array_to_string(d.reasons, E'\\x1f') AS reasons FROM subsidy_decision d
  WHERE a.state = 'held' AND d.application_id = a.id AND d.outcome = 'pending'
  ORDER BY d.id DESC LIMIT 1
) p ON TRUE
WHERE a.scheme = %(scheme)s AND a.kind = '1' AND a.received_on <= %(on)s
  AND (%(one)s::bigint IS NULL OR a.id = %(one)s)
  AND (a.state IN ('received', 'held')
       OR a.id IN (SELECT application_id FROM subsidy_decision WHERE run_id = ANY(%(begun)s)))
ORDER BY a.received_on, a.application_no, a.atena_no
"""
_COLUMNS = {
    "id": pl.String(),
    "application_id": pl.Int64(),
    "application_no": pl.String(),
    "atena_no": pl.String(),
    "role": pl.String(),
    "reason": pl.String(),
    "application_date": pl.Date(),
    "event_date": pl.Date(),
    "held_on": pl.Date(),
    "pending_reasons": pl.List(pl.String()),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was written: the decisions, the entitlements won (gained), the numbers, and how many others gave way."""

    decisions: pl.DataFrame
    gained: pl.DataFrame
    numbers: pl.DataFrame
    gave_way: int


def application_cases(
    *,
    using: str,
    rules: Rules,
    on: date,
    judge_from: date | None = None,
    begun: list[int] | None = None,
    application_id: int | None = None,
) -> pl.DataFrame:
    """New applications that wait (or were decided by the runs `begun`), in the order of receipt, as cases.

    judge_from: the day from which the register speaks; earlier applications are judged on it. Days before the scheme's
    first version are left in: the caller sorts them out.
    """
    params = {"scheme": rules.scheme.id, "on": on, "one": application_id, "begun": begun or []}
    rows = copy_out(connections[using], _APPLICATIONS, params, schema=_COLUMNS)
    return rows.with_columns(
        _judged_on(on, judge_from).alias("on"),
        pl.col("role").replace_strict(ROLES, return_dtype=pl.String),
        pl.col("reason").replace_strict(REASONS, default="other", return_dtype=pl.String).alias("event"),
        pl.lit(rules.scheme.id).alias("scheme"),
    )


def _judged_on(on: date, judge_from: date | None) -> pl.Expr:
    by_itself = pl.max_horizontal("application_date", "event_date")
    if judge_from is not None:
        day = pl.max_horizontal(by_itself, pl.lit(judge_from))
    else:
        day = pl.when(by_itself < on - LONGEST_PROCESSING).then(pl.lit(on)).otherwise(by_itself)
    return pl.coalesce("held_on", day)


def decide_cases(
    *, using: str, rules: Rules, judged: pl.DataFrame, on: date, now: datetime, run_id: int | None
) -> Decided:
    """Write the decisions of judged cases (`known` b: held before for the same reasons, nothing to say again).

    Numbers first, in the cases' order; then decisions, entitlements, states, and lower schemes that give way.
    """
    numbers = number_recipients(using=using, rules=rules, atena_nos=judged["atena_no"])
    decisions = add_decisions(
        using=using,
        rows=judged.filter(~pl.col("known")).with_columns(
            pl.lit(DecisionKind.APPLICATION.value).alias("kind"), pl.lit(on).alias("decided_on")
        ),
        now=now,
        run_id=run_id,
    )
    eligible = decisions.filter(pl.col("outcome") == "eligible")
    existing = entitlements_frame(using=using, scheme=rules.scheme.id, atena_nos=eligible["atena_no"])
    if not existing.is_empty():
        # who comes back may still be entitled from before, since nobody has acted on the move out yet
        _settle_before(using, rules, existing["atena_no"], on, now, run_id)
        existing = entitlements_frame(using=using, scheme=rules.scheme.id, atena_nos=eligible["atena_no"])
    gained = clip_to_free_time(eligible, existing).join(numbers, on="atena_no", how="left", maintain_order="left")
    rows = gained.with_columns(pl.col("start").alias("valid_from"), pl.col("end").alias("valid_to"))
    add_entitlements(using=using, rows=rows, now=now)
    _settle(using, decisions)
    gave_way = yield_lower(using=using, rules=rules, gained=gained, decided_on=on, now=now, run_id=run_id)
    return Decided(decisions=decisions, gained=gained, numbers=numbers, gave_way=gave_way)


def _settle_before(using: str, rules: Rules, people: pl.Series, on: date, now: datetime, run_id: int | None) -> None:
    nothing = pl.DataFrame(schema={"atena_no": pl.String, "event_date": pl.Date, "notice": pl.String})
    changes = find_changes(using=using, rules=rules, on=on, notices=nothing, atena_nos=people)
    write_changes(using=using, rules=rules, changes=changes, decided_on=on, now=now, run_id=run_id)


def _settle(using: str, decisions: pl.DataFrame) -> None:
    pending = pl.col("outcome") == "pending"
    held, decided = pl.lit(ApplicationState.HELD.value), pl.lit(ApplicationState.DECIDED.value)
    states = decisions.select("application_id", pl.when(pending).then(held).otherwise(decided).alias("state"))
    connection = connections[using]
    types = {"application_id": "bigint", "state": "varchar(10)"}
    with staging(connection, states, types) as name, connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE subsidy_application a SET state = s.state FROM {name} s WHERE s.application_id = a.id"  # noqa: S608
        )
