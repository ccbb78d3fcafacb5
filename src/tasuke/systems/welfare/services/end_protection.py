"""End 支援措置: only a named person with a reason does. The businesses are told, and end theirs by themselves."""

from datetime import datetime

from tasuke.systems.welfare.models import Protection
from tasuke.systems.welfare.publishing import publishing


class NotProtected(ValueError):
    """There is nothing to end, or no reason."""


def end_protection(*, using: str, atena_no: str, reason: str, by: str, at: datetime) -> Protection:
    """End the open protection of a person. Raises NotProtected."""
    if not reason.strip():
        raise NotProtected("解除の理由を書いてください")
    with publishing(using=using, at=at):
        row = (
            Protection.objects.using(using).select_for_update().filter(atena_no=atena_no, ended_at__isnull=True).first()
        )
        if row is None:
            raise NotProtected("支援措置の対象ではありません")
        row.ended_at, row.ended_by, row.ended_reason = at, by, reason.strip()[:200]
        row.save(using=using, update_fields=["ended_at", "ended_by", "ended_reason"])
    return row
