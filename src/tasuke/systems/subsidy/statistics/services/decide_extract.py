"""Another person lets data out, or does not."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.accounts.staff import staff_name
from tasuke.systems.subsidy.statistics.models import Extract, ExtractState


class ExtractNotOpen(Exception):
    """Decided already, or by the very person who asked."""


def decide_extract(*, using: str, extract_id: int, approve: bool, note: str, by: str, now: datetime) -> Extract:
    """Approve or refuse. Raises Extract.DoesNotExist, ExtractNotOpen."""
    with transaction.atomic(using=using):
        extract = Extract.objects.using(using).select_for_update(of=("self",)).get(pk=extract_id)
        if extract.state != ExtractState.REQUESTED:
            who = f"{staff_name(extract.decided_by)} が先に決定し、" if extract.decided_by else ""
            raise ExtractNotOpen(f"{who}この抽出は{extract.get_state_display()}です")
        if extract.requested_by == by:
            raise ExtractNotOpen("申請した人は承認できません。別の人が承認してください")
        extract.state = ExtractState.APPROVED if approve else ExtractState.REFUSED
        extract.decided_at, extract.decided_by, extract.note = now, by, note
        extract.save(using=using, update_fields=["state", "decided_at", "decided_by", "note"])
    return extract
