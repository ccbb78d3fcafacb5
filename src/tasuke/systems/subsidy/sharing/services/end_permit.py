"""End a permit at once, or withdraw an application that nobody has decided."""

from datetime import datetime

from django.db import transaction

from tasuke.systems.subsidy.sharing.models import PermitState, SharingPermit


class CannotEnd(ValueError):
    """Nothing is in force and nothing waits."""


def end_permit(*, using: str, permit_id: int, reason: str, by: str, at: datetime) -> SharingPermit:
    """From now on nothing goes over; what was moved stays on record. Raises SharingPermit.DoesNotExist, CannotEnd."""
    with transaction.atomic(using=using):
        found = SharingPermit.objects.using(using).select_for_update().get(pk=permit_id)
        if found.state not in (PermitState.REQUESTED, PermitState.PERMITTED):
            raise CannotEnd(f"この申請は「{found.get_state_display()}」です")
        if not reason.strip():
            raise CannotEnd("理由を入力してください")
        found.state = PermitState.WITHDRAWN if found.state == PermitState.REQUESTED else PermitState.ENDED
        found.ended_by, found.ended_at, found.end_reason = by, at, reason.strip()
        found.save(update_fields=["state", "ended_by", "ended_at", "end_reason"])
    return found
