"""Apply a planned run chunk by chunk. Each chunk commits together with its RunChunk row, so a killed run resumes."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, transaction

from tasuke.platform.audit import EventKind, Origin
from tasuke.platform.batch.job import Job, Plan, RunContext, get_job
from tasuke.platform.batch.models import Run, RunChunk, RunState
from tasuke.platform.batch.services.problems import record_problems
from tasuke.platform.batch.services.record_transition import record_transition

Progress = Callable[[int, int], None]  # chunks done, chunks in all
Clock = Callable[[], datetime]


class RunLocked(Exception):
    """Another process applies this job for this target right now."""


class NotApproved(Exception):
    """The run needs the approval of a second person first."""


class PlanChanged(Exception):
    """The resumed plan has other chunks than the killed one: the input changed in between."""


def apply_run(
    *,
    using: str,
    run: Run,
    plan: Plan | None,
    clock: Clock,
    progress: Progress | None = None,
    origin: Origin | None = None,
) -> Run:
    """Apply what is not applied yet. plan: as plan_run gave it; None plans again (a worker, or after a kill).

    origin: for the audit trail, of a caller that does not record by itself.

    Raises RunLocked, NotApproved, PlanChanged; an unexpected error marks the run as failed and propagates:
    the committed chunks stay, and the next apply goes on behind them.
    """
    job = get_job(run.job)
    if job.needs_approval and run.approved_at is None:
        raise NotApproved(f"{job.title}: 別の人の承認が必要です")
    if run.state == RunState.DONE:
        return run
    with locked(using, run):
        context = RunContext(using=using, parameters=run.parameters, by=run.planned_by, now=clock(), run_id=run.pk)
        plan = plan or job.plan(context)
        if run.chunks_done and plan.chunks != run.chunks_total:
            raise PlanChanged(f"{job.title}: 前回は{run.chunks_total}分割、今回は{plan.chunks}分割です")
        _start(using, run, plan, clock(), origin)
        try:
            _apply_chunks(using, run, plan, job, context, clock, progress)
            _finish(using, run, plan, job, context, clock(), origin)
        except Exception as error:
            _mark_failed(using, run, error, clock(), origin)
            raise
    return run


@contextmanager
def locked(using: str, run: Run) -> Iterator[None]:
    """Keep every other process from applying the run; the same connection may ask again. Raises RunLocked."""
    key = zlib.crc32(f"{run.job}:{run.target}".encode())
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [7_105, key - 2**31])
        if not cursor.fetchone()[0]:
            raise RunLocked(f"{run.job} {run.target}")
    try:
        yield
    finally:
        if connections[using].connection is not None and not connections[using].connection.closed:
            with connections[using].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [7_105, key - 2**31])


def _start(using: str, run: Run, plan: Plan, now: datetime, origin: Origin | None) -> None:
    run.state, run.chunks_total, run.failure = RunState.APPLYING, plan.chunks, ""
    run.started_at = run.started_at or now
    with transaction.atomic(using=using):
        run.save(using=using, update_fields=["state", "chunks_total", "failure", "started_at"])
        record_transition(using=using, run=run, kind=EventKind.RUN_STARTED, origin=origin, at=now)


def _apply_chunks(
    using: str, run: Run, plan: Plan, job: Job, context: RunContext, clock: Clock, progress: Progress | None
) -> None:
    done = set(RunChunk.objects.using(using).filter(run=run).values_list("number", flat=True))
    for number in range(plan.chunks):
        if number not in done:
            with transaction.atomic(using=using):
                result = job.apply_chunk(context, plan, number)
                RunChunk.objects.using(using).create(
                    run=run, number=number, counts=dict(result.counts), committed_at=clock()
                )
                record_problems(run=run, using=using, chunk=number, problems=result.problems)
                run.chunks_done = len(done) + 1
                run.save(using=using, update_fields=["chunks_done"])
            done.add(number)
        if progress:
            progress(len(done), plan.chunks)


def _finish(
    using: str, run: Run, plan: Plan, job: Job, context: RunContext, now: datetime, origin: Origin | None
) -> None:
    with transaction.atomic(using=using):
        _mark_done(using, run, job.finish(context, plan) if job.finish else {}, now)
        record_transition(using=using, run=run, kind=EventKind.RUN_DONE, origin=origin, at=now)


def _mark_done(using: str, run: Run, last: Mapping[str, int], now: datetime) -> None:
    totals: Counter[str] = Counter()
    for counts in RunChunk.objects.using(using).filter(run=run).values_list("counts", flat=True):
        totals.update(counts)
    totals.update(last)
    run.counts, run.state, run.finished_at = dict(totals), RunState.DONE, now
    run.save(using=using, update_fields=["counts", "state", "finished_at"])


def _mark_failed(using: str, run: Run, error: Exception, now: datetime, origin: Origin | None) -> None:
    if connections[using].connection is None or connections[using].connection.closed:
        return  # the database is gone; the run resumes when it is back
    with transaction.atomic(using=using):
        Run.objects.using(using).filter(pk=run.pk).update(
            state=RunState.FAILED, failure=f"{type(error).__name__}: {error}"[:2000], finished_at=now
        )
        record_transition(using=using, run=run, kind=EventKind.RUN_FAILED, origin=origin, at=now)
