"""A second person lets a planned run go ahead."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.audit import EventKind, Origin
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.services.record_transition import record_transition


class ApprovalRefused(Exception):
    """Why this person may not approve this run now."""


def approve_run(*, using: str, run_id: int, by: str, now: datetime, origin: Origin | None = None) -> Run:
    """Approve. Raises ApprovalRefused when the run is not waiting, or the approver is the planner.

    origin: for the audit trail, of a caller that does not record by itself.
    """
    with transaction.atomic(using=using):
        run = Run.objects.using(using).select_for_update(of=("self",)).get(pk=run_id)
        if run.state != RunState.PLANNED:
            raise ApprovalRefused(f"この処理は承認待ちではありません({run.get_state_display()})")
        if run.planned_by == by:
            raise ApprovalRefused("計画した人は承認できません。別の人が承認してください")
        run.state, run.approved_at, run.approved_by = RunState.APPROVED, now, by
        run.save(using=using, update_fields=["state", "approved_at", "approved_by"])
        record_transition(using=using, run=run, kind=EventKind.RUN_APPROVED, origin=origin, at=now)
    return run


def cancel_run(*, using: str, run_id: int) -> Run:
    """Cancel a run that has not begun to change anything (a failed one too). Raises ApprovalRefused otherwise."""
    with transaction.atomic(using=using):
        run = Run.objects.using(using).select_for_update(of=("self",)).get(pk=run_id)
        if run.chunks_done or run.state not in (RunState.PLANNED, RunState.APPROVED, RunState.FAILED):
            raise ApprovalRefused("反映を始めた処理は取り消せません")
        run.state = RunState.CANCELLED
        run.save(using=using, update_fields=["state"])
    return run
