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
from tasuke.systems.subsidy.entitlements.judging import Rules, judge_cases, refuse_unconfirmed, rules_of
from tasuke.systems.subsidy.entitlements.ledger import add_decisions, add_entitlements, supersede
from tasuke.systems.subsidy.entitlements.losses import cases_of, end_entitlements, first_reason
from tasuke.systems.subsidy.entitlements.models import DecisionKind
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.entitlements.runs import open_run_ids

NAME = "renew"
PERSONS_PER_CHUNK = 5_000
_VALUES = ("band", "coverage", "copay_class", "funding", "payer_no")
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
    cases = cases_of(waiting.sort("recipient_no"), on=pl.lit(on))
    judged = judge_cases(using=context.using, rules=rules, cases=cases).with_columns(
        pl.col("outcome")
        .replace_strict({"eligible": "continued", "pending": "income_unknown"}, default="rejected")
        .alias("outcome_list")
    )
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
    _continue(context, work, rows.filter(pl.col("outcome_list") == "continued"))
    _hold(context, work, rows.filter(pl.col("outcome_list") == "income_unknown"))
    end_entitlements(
        using=context.using,
        rows=rows.filter(pl.col("outcome_list") == "rejected").with_columns(
            pl.lit(work.on).alias("lost_on"), first_reason().alias("loss_reason")
        ),
        kind=DecisionKind.RENEWAL,
        decided_on=work.on,
        now=context.now,
        run_id=context.run_id,
    )
    return ChunkResult(counts=dict(rows.group_by("outcome_list").len().iter_rows()))


def _decide(context: RunContext, work: _Work, rows: pl.DataFrame) -> pl.DataFrame:
    return add_decisions(
        using=context.using,
        rows=rows.with_columns(
            pl.lit(DecisionKind.RENEWAL.value).alias("kind"),
            pl.lit(None, dtype=pl.Int64).alias("application_id"),
            pl.lit(work.on).alias("decided_on"),
            pl.lit(work.on).alias("start"),
        ),
        now=context.now,
        run_id=context.run_id,
    )


def _continue(context: RunContext, work: _Work, rows: pl.DataFrame) -> None:
    decided = _decide(context, work, rows)
    same = pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"own_{c}")) for c in _VALUES])
    changed = decided.filter(~same)
    _split(context, work, changed, rows)
    after = changed.with_columns(pl.lit(work.on).alias("valid_from"), pl.lit("").alias("loss_reason"))
    add_entitlements(using=context.using, rows=after, now=context.now)


def _split(context: RunContext, work: _Work, changed: pl.DataFrame, judged: pl.DataFrame) -> None:
    """Supersede and put back the time before the day, as it was."""
    supersede(using=context.using, entitlement_ids=changed["entitlement_id"], now=context.now)
    chosen = pl.col("entitlement_id").is_in(changed["entitlement_id"].implode())
    before = judged.filter(chosen & (pl.col("valid_from") < work.on)).drop(*_VALUES)
    back = before.rename({f"own_{c}": c for c in _VALUES})
    add_entitlements(
        using=context.using,
        rows=back.with_columns(pl.lit(work.on).alias("valid_to"), pl.lit("").alias("loss_reason")),
        now=context.now,
    )


def _hold(context: RunContext, work: _Work, rows: pl.DataFrame) -> None:
    decided = _decide(context, work, rows)
    supersede(using=context.using, entitlement_ids=decided["entitlement_id"], now=context.now)
    own = decided.filter(pl.col("valid_from") < work.on).drop(*_VALUES)
    held = own.rename({f"own_{c}": c for c in _VALUES}).with_columns(
        pl.lit(work.on).alias("valid_to"), first_reason().alias("loss_reason")
    )
    add_entitlements(using=context.using, rows=held, now=context.now)


JOB = register(Job(name=NAME, title="一斉更新", plan=_plan, apply_chunk=_apply, needs_approval=True))
