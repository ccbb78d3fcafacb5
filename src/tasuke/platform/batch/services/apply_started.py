"""What a worker (or the site itself) does with a run that a person has started: plan again, check, apply."""

from dataclasses import asdict

from django.db import transaction

from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.batch.job import Plan, RunContext, get_job
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.apply_run import Clock, apply_run, locked
from tasuke.platform.batch.services.problems import record_problems

CHANGED = "承認の後に対象が変わったため、反映していません。新しい計画を確かめて、もう一度承認してください。"


def apply_started(*, using: str, run_id: int, clock: Clock) -> Run:
    """Apply a started run to its end; what happened is on record.

    When the plan is no longer the approved one, nothing is applied: the run is planned anew and waits for approval.
    Raises RunLocked (another process is at it), PlanChanged, and what the job raises, after marking the run as failed.
    """
    run = Run.objects.using(using).get(pk=run_id)
    with locked(using, run):
        run.refresh_from_db(using=using)
        if run.state != RunState.APPLYING:
            return run
        try:
            _apply(using, run, clock)
        except Exception as error:
            _record(using, run, EventKind.RUN_FAILED, clock)
            _fail(using, run, error, clock)
            raise
    return run


def _apply(using: str, run: Run, clock: Clock) -> None:
    job = get_job(run.job)
    plan = job.plan(RunContext(using=using, parameters=run.parameters, by=run.planned_by, now=clock(), run_id=run.pk))
    if run.needs_approval and not run.chunks_done and dict(plan.counts) != run.plan:
        _plan_anew(using, run, plan)
        return
    apply_run(using=using, run=run, plan=plan, clock=clock)
    _record(using, run, EventKind.RUN_DONE, clock)


def _plan_anew(using: str, run: Run, plan: Plan) -> None:
    with transaction.atomic(using=using):
        run.state, run.failure, run.approved_at, run.approved_by = RunState.PLANNED, CHANGED, None, None
        run.started_at, run.plan, run.chunks_total = None, dict(plan.counts), plan.chunks
        run.comparison = [asdict(c) for c in plan.comparisons]
        run.save(using=using)
        record_problems(run=run, using=using, chunk=None, problems=plan.problems, replace=True)


def _fail(using: str, run: Run, error: Exception, clock: Clock) -> None:
    """apply_run marks what fails while it applies; planning again may fail as well."""
    Run.objects.using(using).filter(pk=run.pk, state=RunState.APPLYING).update(
        state=RunState.FAILED, failure=f"{type(error).__name__}: {error}"[:2000], finished_at=clock()
    )


def _record(using: str, run: Run, kind: EventKind, clock: Clock) -> None:
    recorder = Recorder(Origin(personal_id=run.approved_by or run.planned_by, at=clock(), screen="batch.apply_started"))
    recorder.event(kind, run.job, run=run.pk, target=run.target)
    recorder.flush(using)
