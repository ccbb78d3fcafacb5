"""decide-applications {"scheme", "on", "judge_from"?}: new applications received by the day, and those held before.

Each is judged on the day it was received (or the later day of its event), so the income year and the version are those
of the acquisition however late the run is; a held one again on the day it was judged on before. An application that
is older than any time of processing comes from the ledger of a system before ours: it is judged on `on` (or on
`judge_from`, the day from which the register that we were given speaks). Numbers go by the order of receipt, to
rejected persons too.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.core.problems import Problem
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.systems.subsidy.entitlements.deciding import application_cases, decide_cases
from tasuke.systems.subsidy.entitlements.judging import Rules, judge_cases, refuse_unconfirmed, rules_of
from tasuke.systems.subsidy.entitlements.runs import open_run_ids

NAME = "decide-applications"
CASES_PER_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class _Work:
    rules: Rules
    on: date
    judged: pl.DataFrame


def _plan(context: RunContext) -> Plan:
    rules = rules_of(str(context.parameters["scheme"]))
    on = date.fromisoformat(str(context.parameters["on"]))
    refuse_unconfirmed(rules, on)
    given = context.parameters.get("judge_from")
    waiting = application_cases(
        using=context.using,
        rules=rules,
        on=on,
        judge_from=date.fromisoformat(str(given)) if given else None,
        begun=open_run_ids(using=context.using, job=NAME, parameters=context.parameters),
    )
    first = rules.scheme.version[0].valid_from
    judged = judge_cases(using=context.using, rules=rules, cases=waiting.filter(pl.col("on") >= first))
    same = (pl.col("outcome") == "pending") & pl.col("pending_reasons").eq_missing(pl.col("reasons"))
    judged = judged.with_columns(same.fill_null(value=False).alias("known"))
    by_outcome = dict(judged.filter(~pl.col("known")).group_by("outcome").len().iter_rows())
    counts = {"applications": judged.height, "still_pending": int(judged["known"].sum() or 0), **by_outcome}
    return Plan(
        counts=counts,
        chunks=-(-judged.height // CASES_PER_CHUNK),
        work=_Work(rules=rules, on=on, judged=judged),
        problems=_too_early(rules, waiting.filter(pl.col("on") < first)),
    )


def _too_early(rules: Rules, early: pl.DataFrame) -> list[Problem]:
    first = rules.scheme.version[0].valid_from
    return [
        Problem(
            "before_first_version",
            f"{day}の規則がありません({rules.scheme.name}の最初の版は{first}から)。決定できません。",
            field="受付年月日",
            value=number,
        )
        for day, number in early.select("on", "application_no").iter_rows()
    ]


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    decided = decide_cases(
        using=context.using,
        rules=work.rules,
        judged=work.judged.slice(number * CASES_PER_CHUNK, CASES_PER_CHUNK),
        on=work.on,
        now=context.now,
        run_id=context.run_id,
    )
    counts = dict(decided.decisions.group_by("outcome").len().iter_rows())
    won = decided.gained.height
    more = {
        "entitlements": won,
        "already_entitled": counts.get("eligible", 0) - won,
        "gave_way": decided.gave_way,
    }
    return ChunkResult(counts={**counts, **more})


JOB = register(Job(name=NAME, title="申請の判定と決定", plan=_plan, apply_chunk=_apply))
