"""Which rows belong to a run that was killed: a plan that is made again must list what the first one listed."""

from collections.abc import Mapping
from typing import Any

from tasuke.platform.batch.models import Run, RunState

_OPEN = (RunState.PLANNED, RunState.APPROVED, RunState.APPLYING, RunState.FAILED)


def open_run_ids(*, using: str, job: str, parameters: Mapping[str, Any]) -> list[int]:
    """Runs of a job with these parameters that have begun and are not done (there is one at most)."""
    runs = Run.objects.using(using).of_job(job).filter(state__in=_OPEN, chunks_done__gt=0)
    return [run.pk for run in runs if run.parameters == dict(parameters)]
