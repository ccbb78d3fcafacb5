"""A second person agrees that somebody under 支援措置 is told of, or does not."""

from datetime import datetime

from django.db import transaction

from tasuke.systems.subsidy.sharing.models import AgreementState, SharingAgreement


class CannotAgree(ValueError):
    """Decided already, or by the very person who asked."""


def decide_agreement(
    *, using: str, agreement_id: int, agree: bool, note: str, by: str, at: datetime
) -> SharingAgreement:
    """Agree or refuse. Raises SharingAgreement.DoesNotExist, CannotAgree."""
    with transaction.atomic(using=using):
        found = SharingAgreement.objects.using(using).select_for_update().get(pk=agreement_id)
        if found.state != AgreementState.WAITING:
            raise CannotAgree(f"「{found.get_state_display()}」と決定済みです")
        if found.requested_by == by:
            raise CannotAgree("移転を求めた人は同意できません。別の人が決定してください")
        if not note.strip():
            raise CannotAgree("確認した内容(同意しないときは理由)を入力してください")
        found.state = AgreementState.AGREED if agree else AgreementState.REFUSED
        found.decided_by, found.decided_at, found.note = by, at, note.strip()
        found.save(update_fields=["state", "decided_by", "decided_at", "note"])
    return found
