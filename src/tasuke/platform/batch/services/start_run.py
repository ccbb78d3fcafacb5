"""A person starts a planned run, or lets a stopped one go on. Applying it is somebody else's work (desk.launch)."""

import zlib
from datetime import datetime

from django.db import connections, transaction

from tasuke.core.problems import Severity
from tasuke.platform.batch.desk import launch
from tasuke.platform.batch.models import Run, RunProblem, RunState


class CannotStart(Exception):
    """Why this run cannot begin or go on now."""


def start_run(*, using: str, run_id: int, now: datetime) -> Run:
    """Mark the run as started and hand it over when this transaction commits. Raises CannotStart.

    A failed run, and one whose process was killed, go on behind the chunks that are committed.
    """
    with transaction.atomic(using=using):
        run = Run.objects.using(using).select_for_update(of=("self",)).get(pk=run_id)
        _check(using, run)
        run.state, run.failure, run.finished_at = RunState.APPLYING, "", None
        run.started_at = run.started_at or now
        run.save(using=using, update_fields=["state", "failure", "finished_at", "started_at"])
        transaction.on_commit(lambda: launch(using, run_id), using=using)
    return run


def is_at_work(*, using: str, run: Run) -> bool:
    """Whether some process applies the run right now: it holds the lock of `apply_run`."""
    key = zlib.crc32(f"{run.job}:{run.target}".encode()) - 2**31
    with connections[using].cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
                   AND classid = 7105::oid AND objid = %s::bigint::oid
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))""",
            [key % 2**32],  # an oid is the same 32 bits without a sign
        )
        return bool(cursor.fetchone()[0])


def _check(using: str, run: Run) -> None:
    if run.state in (RunState.DONE, RunState.CANCELLED):
        raise CannotStart(f"この処理は{run.get_state_display()}です")
    if run.needs_approval and run.approved_at is None:
        raise CannotStart("別の人の承認が必要です")
    if RunProblem.objects.using(using).filter(run=run, chunk=None, severity=Severity.FATAL.value).exists():
        raise CannotStart("取り込めないファイルです。問題の一覧を見て、直したファイルをもう一度取り込んでください")
    if run.state == RunState.APPLYING and is_at_work(using=using, run=run):
        raise CannotStart("いま反映しています。終わるのを待ってください")
