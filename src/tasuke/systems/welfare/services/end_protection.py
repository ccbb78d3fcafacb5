"""End 支援措置: only a named person with a reason does. The businesses are told; each ends its own by a person."""

from datetime import datetime

from tasuke.systems.welfare.models import Change, IssuedNumber, PersonState, Protection
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.queries import current_state


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
        _tell(using, atena_no, at)
    return row


def _tell(using: str, atena_no: str, at: datetime) -> None:
    """The state that holds once more, now without the mark."""
    state = current_state(using=using, atena_no=atena_no)
    if state is None or state.source == PersonState.Source.CORPORATION:
        return
    resident = state.source == PersonState.Source.RESIDENT
    issued = IssuedNumber.objects.using(using).filter(atena_no=atena_no, hidden=True).first()
    Change.objects.using(using).create(
        kind=Change.Kind.PERSON if resident else Change.Kind.NONRESIDENT,
        atena_no=atena_no,
        valid_from=state.valid_from,
        recorded_at=at,
        items={**state.items, "event_code": state.event_code, "protection": False},
        only_for=issued.business_id if issued is not None and not resident else "",
    )
