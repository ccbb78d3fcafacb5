"""Write the rows for files in and out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.exchange.archive import keep
from tasuke.platform.exchange.models import InboundFile, OutboundFile


def receive_file(*, using: str, kind: str, name: str, data: bytes, by: str, now: datetime) -> tuple[InboundFile, bool]:
    """Archive a file and give its row; the flag says whether the file is new. Counts are filled by the import."""
    digest = keep(data)
    with transaction.atomic(using=using):
        file, fresh = InboundFile.objects.using(using).get_or_create(
            kind=kind,
            sha256=digest,
            defaults={"name": name, "size": len(data), "received_at": now, "received_by": by},
        )
        if fresh:
            _record(using, EventKind.FILE_RECEIVED, kind, by=by, now=now, file=file.pk, size=file.size)
    return file, fresh


def record_outbound(
    *,
    using: str,
    kind: str,
    key: str,
    name: str,
    data: bytes,
    rows: int,
    totals: Mapping[str, int],
    by: str,
    now: datetime,
    run_id: int | None = None,
    reason: str = "",
) -> OutboundFile:
    """Archive a file that leaves the house. A second one for the same key needs a reason (IntegrityError otherwise)."""
    with transaction.atomic(using=using):
        file = OutboundFile.objects.using(using).create(
            kind=kind,
            key=key,
            name=name,
            sha256=keep(data),
            size=len(data),
            rows=rows,
            totals=dict(totals),
            made_at=now,
            made_by=by,
            run_id=run_id,
            reason=reason,
        )
        _record(
            using,
            EventKind.FILE_MADE,
            kind,
            by=by,
            now=now,
            file=file.pk,
            key=key,
            rows=rows,
            run=run_id,
            reason=reason,
        )
    return file


def _record(using: str, event: EventKind, kind: str, *, by: str, now: datetime, **facts: Any) -> None:
    """The file in the audit trail, in the transaction of its row."""
    recorder = Recorder(Origin(personal_id=by, at=now, screen="exchange"))
    recorder.event(event, kind, **facts)
    recorder.flush(using)
