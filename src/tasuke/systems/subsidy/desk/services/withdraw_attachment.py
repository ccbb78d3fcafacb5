"""添付の取下げ: a paper that was attached by mistake. The row stays, with the reason; it is not shown any more."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.models import Attachment


class AlreadyWithdrawn(Exception):
    """Somebody withdrew it before."""


def withdraw_attachment(*, using: str, attachment_id: int, reason: str, actor: Actor, now: datetime) -> Attachment:
    """Withdraw with a reason. Raises Attachment.DoesNotExist, AlreadyWithdrawn."""
    with transaction.atomic(using=using):
        attachment = Attachment.objects.using(using).select_for_update(of=("self",)).get(pk=attachment_id)
        if attachment.withdrawn_at is not None:
            raise AlreadyWithdrawn(f"この添付は取下げ済みです(理由: {attachment.withdrawn_reason})")
        attachment.withdrawn_at, attachment.withdrawn_by = now, actor.personal_id
        attachment.withdrawn_reason = reason
        attachment.save(using=using, update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    return attachment
