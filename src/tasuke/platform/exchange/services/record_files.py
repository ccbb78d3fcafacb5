"""Write the rows for files in and out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.platform.exchange.archive import keep
from tasuke.platform.exchange.models import InboundFile, InboundState, OutboundFile


def receive_file(*, using: str, kind: str, name: str, data: bytes, by: str, now: datetime) -> tuple[InboundFile, bool]:
    """Archive a file and give its row; the flag says whether the file is new. Counts are filled by the import.

    A file that was refused before and can be used now is taken with the row that it has.
    """
    digest = keep(data)
    with transaction.atomic(using=using):
        file, fresh = InboundFile.objects.using(using).get_or_create(
            kind=kind,
            sha256=digest,
            defaults={"name": name, "size": len(data), "received_at": now, "received_by": by},
        )
        if fresh:
            _record(using, EventKind.FILE_RECEIVED, kind, by=by, now=now, file=file.pk, size=file.size)
        elif file.state == InboundState.REFUSED:
            file.state, file.reason, file.received_at, file.received_by = InboundState.TAKEN, "", now, by
            file.save(using=using, update_fields=["state", "reason", "received_at", "received_by"])
            _record(using, EventKind.FILE_RECEIVED, kind, by=by, now=now, file=file.pk, size=file.size)
    return file, fresh


def refuse_file(
    *, using: str, kind: str, name: str, data: bytes, reason: str, by: str, now: datetime
) -> tuple[InboundFile, bool]:
    """Keep a file that cannot be used as a whole: its bytes, its hash, why, who brought it and when.

    The flag says whether that is new. A file that was taken before stays as it is.
    """
    digest = keep(data)
    given = {"name": name, "size": len(data), "received_at": now, "received_by": by}
    with transaction.atomic(using=using):
        file, fresh = InboundFile.objects.using(using).get_or_create(
            kind=kind, sha256=digest, defaults={**given, "state": InboundState.REFUSED, "reason": reason}
        )
        if fresh:
            _record(using, EventKind.FILE_REFUSED, kind, by=by, now=now, file=file.pk, size=file.size)
        elif file.state == InboundState.REFUSED and file.reason != reason:
            file.reason = reason
            file.save(using=using, update_fields=["reason"])
    return file, fresh


def hold_file(*, using: str, file: InboundFile, reason: str) -> None:
    """Mark a file whose totals contradict its rows (within the import's transaction): a person has to decide."""
    file.state, file.reason = InboundState.HELD, reason
    file.save(using=using, update_fields=["state", "reason"])


class NotHeld(Exception):
    """The file waits for no decision."""


def decide_held_file(*, using: str, file_id: int, accept: bool, note: str, by: str, now: datetime) -> InboundFile:
    """A person says whether a file whose totals differ counts. Raises NotHeld, InboundFile.DoesNotExist."""
    with transaction.atomic(using=using):
        file = InboundFile.objects.using(using).select_for_update().get(pk=file_id)
        if file.state != InboundState.HELD:
            raise NotHeld(f"{file.name} は「{file.get_state_display()}」です")
        file.state = InboundState.ACCEPTED if accept else InboundState.REJECTED
        file.decided_by, file.decided_at, file.note = by, now, note
        file.save(using=using, update_fields=["state", "decided_by", "decided_at", "note"])
        _record(using, EventKind.FILE_DECIDED, file.kind, by=by, now=now, file=file.pk, state=str(file.state))
    return file


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
