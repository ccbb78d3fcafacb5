"""Plan a run: compute what would change and record it; nothing else is written, but for a file that is of no use."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from tasuke.core.problems import is_fatal
from tasuke.platform.audit import EventKind, Origin
from tasuke.platform.batch.job import Plan, RunContext, get_job
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.problems import record_problems
from tasuke.platform.batch.services.record_transition import record_transition


class RunAlreadyDone(Exception):
    """This job has been done for this target: the same run twice changes nothing."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"{run.job} {run.target}")
        self.run = run


def plan_run(
    *,
    using: str,
    job: str,
    target: str,
    parameters: Mapping[str, Any],
    by: str,
    now: datetime,
    origin: Origin | None = None,
) -> tuple[Run, Plan]:
    """Plan `job` for `target`. A run that is planned, or was killed, is planned anew under the same row.

    origin: for the audit trail, of a caller that does not record by itself.

    Raises RunAlreadyDone, UnknownJob, and whatever the job's plan raises for unusable parameters.
    """
    definition = get_job(job)
    existing = Run.objects.using(using).of_job(job).live().filter(target=target).first()
    if existing and existing.state == RunState.DONE:
        raise RunAlreadyDone(existing)
    known = existing.pk if existing else None
    context = RunContext(using=using, parameters=parameters, by=by, now=now, run_id=known)
    plan = definition.plan(context)
    with transaction.atomic(using=using):
        run = existing or Run(job=job, target=target, state=RunState.PLANNED, planned_at=now, planned_by=by)
        if run.state == RunState.APPROVED and run.plan != dict(plan.counts):
            # what was approved is no longer what would happen: somebody has to look again
            run.state, run.approved_at, run.approved_by = RunState.PLANNED, None, None
        run.needs_approval = definition.needs_approval
        if not run.chunks_done:  # a run that has begun keeps its plan: apply compares the new one with it
            run.parameters, run.plan, run.chunks_total = dict(parameters), dict(plan.counts), plan.chunks
            run.comparison = [asdict(c) for c in plan.comparisons]
        run.save(using=using)
        record_problems(run=run, using=using, chunk=None, problems=plan.problems, replace=True)
        if definition.refused is not None and is_fatal(plan.problems):
            definition.refused(replace(context, run_id=run.pk), plan)
        record_transition(using=using, run=run, kind=EventKind.RUN_PLANNED, origin=origin, at=now)
    return run, plan
