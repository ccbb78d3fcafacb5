"""decide-reimbursements {"on"}: every receipt line that is not decided yet, held ones too, receipt by receipt."""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections, transaction

from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.batch.models import Run, RunState
from tasuke.schemes.confirmation import require_confirmed
from tasuke.systems.subsidy.claims.loading import load_schemes
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.reimbursements.decision import decide_lines
from tasuke.systems.subsidy.reimbursements.loading import load_books
from tasuke.systems.subsidy.reimbursements.queries import lines_frame
from tasuke.systems.subsidy.reimbursements.storing import store_decisions

NAME = "decide-reimbursements"
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class _Work:
    decided: pl.DataFrame
    on: date
    size: int


def _plan(context: RunContext) -> Plan:
    on = date.fromisoformat(context.parameters["on"])
    size = int(context.parameters.get("chunk_size", CHUNK))
    profile = active_profile()
    schemes = load_schemes(profile)
    for name, scheme in schemes.items():
        require_confirmed(scheme, profile.confirmed_keys(name))
    with transaction.atomic(using=context.using):
        lines = lines_frame(using=context.using, received_until=on, run_id=_own_run(context))
        open_lines = lines.filter(~pl.col("decided"))
        books = load_books(using=context.using, profile=profile, schemes=schemes, lines=lines, on=on)
    confirmed = {name: profile.confirmed_keys(name) for name in schemes}
    decided = decide_lines(open_lines, books, schemes, confirmed=confirmed, on=on)
    # chunks by receipt: the decision of a receipt is one row
    decided = decided.with_columns(chunk=(pl.col("receipt_no").rank("dense").cast(pl.Int64) - 1) // size)
    chunks = int(decided["chunk"].max() or 0) + 1 if decided.height else 0  # type: ignore[arg-type]
    return Plan(counts=_counts(decided), chunks=chunks, work=_Work(decided, on, size))


def _own_run(context: RunContext) -> int | None:
    """The run itself, also while a killed one is planned again: its own decisions must not stand in its way."""
    if context.run_id is not None:
        return context.run_id
    begun = Run.objects.using(context.using).of_job(NAME).filter(chunks_done__gt=0)
    mine = begun.exclude(state=RunState.DONE).filter(parameters=dict(context.parameters)).first()
    return mine.pk if mine else None


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    chunk = work.decided.filter(pl.col("chunk") == number)
    store_decisions(connections[context.using], chunk, on=work.on, run_id=context.applied_run, recorded_at=context.now)
    return ChunkResult(counts=_counts(chunk))


def _counts(decided: pl.DataFrame) -> dict[str, int]:
    outcomes = dict(decided.group_by("outcome").len().iter_rows())
    counts = {o: int(outcomes.get(o, 0)) for o in ("granted", "rejected", "held")}
    return {"lines": decided.height, **counts, "amount": int(decided["amount"].sum())}


JOB = register(Job(name=NAME, title="償還払いの支給決定", plan=_plan, apply_chunk=_apply))
