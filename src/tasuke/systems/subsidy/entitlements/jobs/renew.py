"""renew {"scheme", "on"}: 一斉更新. Everybody in force is judged by the rules and income year of the day.

Continued: a decision, and a new row only where band, coverage, class or funding change. Rejected: ends on the day.
Income unknown (未申告・所得不明): the time from the day on is held back, and apply-changes gives it when the income is
known. A second person approves, with the counts beside the last renewal's, last month's and the register's.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import connections

from tasuke.core.calendar import month_start
from tasuke.core.period import Period
from tasuke.core.problems import Problem, Severity
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.entitlements.insurance_checks import open_checks
from tasuke.systems.subsidy.entitlements.judging import Rules, refuse_unconfirmed, rules_of
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.renewing import judge_renewal, write_renewal
from tasuke.systems.subsidy.entitlements.runs import open_run_ids

NAME = "renew"
PERSONS_PER_CHUNK = 5_000
_LABELS = {"targets": "対象者", "continued": "継続", "rejected": "非該当", "income_unknown": "所得不明"}


@dataclass(frozen=True, slots=True)
class _Work:
    rules: Rules
    on: date
    judged: pl.DataFrame  # with outcome_list and chunk


def _plan(context: RunContext) -> Plan:
    rules = rules_of(str(context.parameters["scheme"]))
    on = date.fromisoformat(str(context.parameters["on"]))
    refuse_unconfirmed(rules, on)
    order = _order(context, rules)
    held = entitlements_frame(
        using=context.using, scheme=rules.scheme.id, overlapping=Period(on, on + timedelta(days=1))
    )
    checks = open_checks(using=context.using, scheme=rules.scheme.id, atena_nos=held["atena_no"])
    asked = held.join(
        checks.filter(pl.col("due_on").is_null() | (pl.col("due_on") > on)), on="atena_no", how="semi"
    ).sort("recipient_no")
    settled = held.join(asked, on="atena_no", how="anti")
    waiting = settled.join(_renewed(context, rules, on), on="atena_no", how="anti").join(
        order, on="atena_no", how="inner"
    )
    judged = judge_renewal(using=context.using, rules=rules, held=waiting, on=on)
    counts = _counts(context, judged)
    return Plan(
        counts=counts,
        chunks=-(-order.height // PERSONS_PER_CHUNK),
        work=_Work(rules=rules, on=on, judged=judged),
        comparisons=_comparisons(context, rules, on, counts),
        problems=_left_out(asked),
    )


def _left_out(asked: pl.DataFrame) -> list[Problem]:
    """保険確認中: neither renewed nor refused; a clerk renews them when the insurance is known."""
    return [
        Problem(
            "insurance_missing",
            f"保険確認中のため、更新していません(受給者番号{number})。保険が分かったら、個別に更新してください。",
            field="宛名番号",
            value=person,
            severity=Severity.WARNING,
        )
        for person, number in asked.select("atena_no", "recipient_no").iter_rows()
    ]


def _order(context: RunContext, rules: Rules) -> pl.DataFrame:
    """Everybody who ever had a number, by number, with the chunk: a plan made again after a kill cuts alike."""
    query = "SELECT atena_no FROM subsidy_recipient_number WHERE scheme = %s ORDER BY recipient_no"
    people = copy_out(connections[context.using], query, [rules.scheme.id], schema={"atena_no": pl.String()})
    return people.with_columns((pl.int_range(pl.len()) // PERSONS_PER_CHUNK).alias("chunk"))


def _renewed(context: RunContext, rules: Rules, on: date) -> pl.DataFrame:
    """Who has been renewed for this day already."""
    query = "SELECT atena_no FROM subsidy_decision WHERE scheme = %s AND kind = 'renewal' AND judged_on = %s"
    return copy_out(connections[context.using], query, [rules.scheme.id, on], schema={"atena_no": pl.String()})


def _counts(context: RunContext, judged: pl.DataFrame) -> dict[str, int]:
    """Counts by outcome, what a killed run decided before included."""
    counts = dict.fromkeys(_LABELS, 0)
    for name, number in judged.group_by("outcome_list").len().iter_rows():
        counts[str(name)] += int(number)
    begun = open_run_ids(using=context.using, job=NAME, parameters=context.parameters)
    names = {"eligible": "continued", "pending": "income_unknown", "lost": "rejected"}
    query = (
        "SELECT outcome, count(*) FROM subsidy_decision WHERE run_id = ANY(%s) AND kind = 'renewal' GROUP BY outcome"
    )
    with connections[context.using].cursor() as cursor:
        cursor.execute(query, [begun])
        for outcome, number in cursor.fetchall():
            counts[names[outcome]] += int(number)
    counts["targets"] = counts["continued"] + counts["rejected"] + counts["income_unknown"]
    return counts


def _comparisons(context: RunContext, rules: Rules, on: date, counts: dict[str, int]) -> list[Comparison]:
    runs = Run.objects.using(context.using).of_job(NAME).filter(state=RunState.DONE, parameters__scheme=rules.scheme.id)
    before = runs.exclude(parameters__on=str(on)).newest_first().first()
    last = before.plan if before else {}
    last_month = month_start(on - timedelta(days=1))
    return [
        *(Comparison(f"{label}(前回の一斉更新)", counts[name], last.get(name)) for name, label in _LABELS.items()),
        Comparison("対象者(前月初日の受給者)", counts["targets"], _in_force(context, rules, last_month)),
        Comparison("対象者(台帳の受給者総数)", counts["targets"], _in_force(context, rules, on - timedelta(days=1))),
    ]


def _in_force(context: RunContext, rules: Rules, day: date) -> int:
    query = (
        "SELECT count(DISTINCT atena_no) FROM subsidy_entitlement "
        "WHERE scheme = %s AND recorded_to IS NULL AND valid @> %s::date"
    )
    with connections[context.using].cursor() as cursor:
        cursor.execute(query, [rules.scheme.id, day])
        return int(cursor.fetchone()[0])


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    rows = work.judged.filter(pl.col("chunk") == number)
    write_renewal(
        using=context.using, rows=rows, on=work.on, decided_on=work.on, now=context.now, run_id=context.run_id
    )
    return ChunkResult(counts=dict(rows.group_by("outcome_list").len().iter_rows()))


JOB = register(Job(name=NAME, title="一斉更新", plan=_plan, apply_chunk=_apply, needs_approval=True))
