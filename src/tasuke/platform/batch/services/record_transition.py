"""One event of the audit trail per step of a run's life, in the transaction of that step.

A screen records by its own recorder, which knows session and terminal; whoever has none (the command line, the demo)
gives the services an origin.
"""

from dataclasses import replace
from datetime import datetime

from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.batch.models import Run


def record_transition(*, using: str, run: Run, kind: EventKind, origin: Origin | None, at: datetime) -> None:
    """Record that this happened to the run; nothing when there is no origin, since then somebody else records it."""
    if origin is not None:
        recorder = Recorder(replace(origin, at=at))
        recorder.event(kind, run.job, run=run.pk, target=run.target)
        recorder.flush(using)
