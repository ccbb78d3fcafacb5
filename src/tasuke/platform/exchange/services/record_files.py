"""Write the rows for files in and out."""

from collections.abc import Mapping
from datetime import datetime

from tasuke.platform.exchange.archive import keep
from tasuke.platform.exchange.models import InboundFile, OutboundFile


def receive_file(*, using: str, kind: str, name: str, data: bytes, by: str, now: datetime) -> tuple[InboundFile, bool]:
    """Archive a file and give its row; the flag says whether the file is new. Counts are filled by the import."""
    digest = keep(data)
    return InboundFile.objects.using(using).get_or_create(
        kind=kind,
        sha256=digest,
        defaults={"name": name, "size": len(data), "received_at": now, "received_by": by},
    )


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
    return OutboundFile.objects.using(using).create(
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
