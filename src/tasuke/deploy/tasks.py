"""What the queue carries: one task per run, never one per claim. Procrastinate keeps its jobs in PostgreSQL."""

from procrastinate.contrib.django import app

from tasuke.deploy.clock import now
from tasuke.platform.batch.models import Run
from tasuke.platform.batch.services.apply_started import apply_started


@app.task(name="apply-run", queue="runs")
def apply_planned_run(*, using: str, run_id: int) -> dict[str, int]:
    """Apply a run that a person started; gives its counts. A killed worker's run resumes."""
    from tasuke.deploy.runs import load_jobs

    load_jobs()
    return dict(apply_started(using=using, run_id=run_id, clock=now).counts)


def queue_run(*, using: str, run: Run) -> int:
    """Hand a run to the workers; the lock lets no two workers take runs of one job and target. Gives the job's id."""
    configured = apply_planned_run.configure(lock=f"{run.job}:{run.target}", queueing_lock=f"run-{run.pk}")
    return int(configured.defer(using=using, run_id=run.pk))
