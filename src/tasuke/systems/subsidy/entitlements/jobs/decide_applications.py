"""decide-applications {"scheme", "on", "judge_from"?}: new applications received by the day, and those held before.

Each is judged on the day it was received (or the later day of its event), so the income year and the version are those
of the acquisition however late the run is; a held one again on the day it was judged on before. An application that
is older than any time of processing comes from the ledger of a system before ours: it is judged on `on` (or on
`judge_from`, the day from which the register that we were given speaks). Numbers go by the order of receipt, to
rejected persons too.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_out, staging
from tasuke.systems.subsidy.entitlements.change_writing import write_changes
from tasuke.systems.subsidy.entitlements.changes import find_changes
from tasuke.systems.subsidy.entitlements.judging import (
    REASONS,
    ROLES,
    Rules,
    judge_cases,
    rules_of,
    unconfirmed_warnings,
)
from tasuke.systems.subsidy.entitlements.ledger import (
    add_decisions,
    add_entitlements,
    clip_to_free_time,
    number_recipients,
)
from tasuke.systems.subsidy.entitlements.losses import yield_lower
from tasuke.systems.subsidy.entitlements.models import ApplicationState, DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.runs import open_run_ids

NAME = "decide-applications"
CASES_PER_CHUNK = 5_000
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
WHERE a.scheme = %s AND a.kind = '1' AND a.received_on <= %s
  AND (a.state IN ('received', 'held')
       OR a.id IN (SELECT application_id FROM subsidy_decision WHERE run_id = ANY(%s)))
ORDER BY a.received_on, a.application_no, a.atena_no
"""
_APPLICATION_COLUMNS = {
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
class _Work:
    rules: Rules
    on: date
    judged: pl.DataFrame


def _plan(context: RunContext) -> Plan:
    rules = rules_of(str(context.parameters["scheme"]))
    on = date.fromisoformat(str(context.parameters["on"]))
    cases, problems = _cases(context, rules, on)
    judged = judge_cases(using=context.using, rules=rules, cases=cases)
    same = (pl.col("outcome") == "pending") & pl.col("pending_reasons").eq_missing(pl.col("reasons"))
    judged = judged.with_columns(same.fill_null(value=False).alias("known"))
    by_outcome = dict(judged.filter(~pl.col("known")).group_by("outcome").len().iter_rows())
    counts = {"applications": judged.height, "still_pending": int(judged["known"].sum() or 0), **by_outcome}
    return Plan(
        counts=counts,
        chunks=-(-judged.height // CASES_PER_CHUNK),
        work=_Work(rules=rules, on=on, judged=judged),
        problems=[*unconfirmed_warnings(rules, on), *problems],
    )


def _cases(context: RunContext, rules: Rules, on: date) -> tuple[pl.DataFrame, list[Problem]]:
    begun = open_run_ids(using=context.using, job=NAME, parameters=context.parameters)
    rows = copy_out(
        connections[context.using], _APPLICATIONS, [rules.scheme.id, on, begun], schema=_APPLICATION_COLUMNS
    ).with_columns(
        _judged_on(context, on).alias("on"),
        pl.col("role").replace_strict(ROLES, return_dtype=pl.String),
        pl.col("reason").replace_strict(REASONS, default="other", return_dtype=pl.String).alias("event"),
        pl.lit(rules.scheme.id).alias("scheme"),
    )
    first = rules.scheme.version[0].valid_from
    early = rows.filter(pl.col("on") < first)
    problems = [
        Problem(
            "before_first_version",
            f"{day}の規則がありません({rules.scheme.name}の最初の版は{first}から)。決定できません。",
            field="受付年月日",
            value=number,
        )
        for day, number in early.select("on", "application_no").iter_rows()
    ]
    return rows.filter(pl.col("on") >= first), problems


def _judged_on(context: RunContext, on: date) -> pl.Expr:
    given = context.parameters.get("judge_from")
    by_itself = pl.max_horizontal("application_date", "event_date")
    if given:
        day = pl.max_horizontal(by_itself, pl.lit(date.fromisoformat(str(given))))
    else:
        day = pl.when(by_itself < on - LONGEST_PROCESSING).then(pl.lit(on)).otherwise(by_itself)
    return pl.coalesce("held_on", day)


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    rows = work.judged.slice(number * CASES_PER_CHUNK, CASES_PER_CHUNK)
    numbers = number_recipients(using=context.using, rules=work.rules, atena_nos=rows["atena_no"])
    decided = add_decisions(
        using=context.using,
        rows=rows.filter(~pl.col("known")).with_columns(
            pl.lit(DecisionKind.APPLICATION.value).alias("kind"), pl.lit(work.on).alias("decided_on")
        ),
        now=context.now,
        run_id=context.run_id,
    )
    gained = _entitle(context, work, decided, numbers)
    _settle(context, decided)
    ended = yield_lower(
        using=context.using,
        rules=work.rules,
        gained=gained,
        decided_on=work.on,
        now=context.now,
        run_id=context.run_id,
    )
    counts = dict(decided.group_by("outcome").len().iter_rows())
    already = counts.get("eligible", 0) - gained.height
    return ChunkResult(counts={**counts, "entitlements": gained.height, "already_entitled": already, "gave_way": ended})


def _entitle(context: RunContext, work: _Work, decided: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    eligible = decided.filter(pl.col("outcome") == "eligible")
    scheme = work.rules.scheme.id
    existing = entitlements_frame(using=context.using, scheme=scheme, atena_nos=eligible["atena_no"])
    if not existing.is_empty():
        # who comes back may still be entitled from before, since nobody has acted on the move out yet
        _settle_before(context, work, existing["atena_no"])
        existing = entitlements_frame(using=context.using, scheme=scheme, atena_nos=eligible["atena_no"])
    gained = clip_to_free_time(eligible, existing).join(numbers, on="atena_no", how="left", maintain_order="left")
    rows = gained.with_columns(pl.col("start").alias("valid_from"), pl.col("end").alias("valid_to"))
    add_entitlements(using=context.using, rows=rows, now=context.now)
    return gained


def _settle_before(context: RunContext, work: _Work, people: pl.Series) -> None:
    nothing = pl.DataFrame(schema={"atena_no": pl.String, "event_date": pl.Date, "notice": pl.String})
    changes = find_changes(using=context.using, rules=work.rules, on=work.on, notices=nothing, atena_nos=people)
    write_changes(
        using=context.using,
        rules=work.rules,
        changes=changes,
        decided_on=work.on,
        now=context.now,
        run_id=context.run_id,
    )


def _settle(context: RunContext, decided: pl.DataFrame) -> None:
    pending = pl.col("outcome") == "pending"
    states = decided.select(
        "application_id",
        pl.when(pending)
        .then(pl.lit(ApplicationState.HELD.value))
        .otherwise(pl.lit(ApplicationState.DECIDED.value))
        .alias("state"),
    )
    connection = connections[context.using]
    types = {"application_id": "bigint", "state": "varchar(10)"}
    with staging(connection, states, types) as name, connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE subsidy_application a SET state = s.state FROM {name} s WHERE s.application_id = a.id"  # noqa: S608
        )


JOB = register(Job(name=NAME, title="申請の判定と決定", plan=_plan, apply_chunk=_apply))
