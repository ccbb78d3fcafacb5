"""自動応答不可 and 不開示該当 are lifted by a person alone, with a reason (interop.md 6: 解除は手動)."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.audit import Recorder
from tasuke.systems.gateway.models import PersonFlag


class CannotLift(ValueError):
    """Why the flag stays, in words for the screen."""


def lift_flags(*, using: str, atena_no: str, reason: str, by: str, audit: Recorder, at: datetime) -> None:
    """Lift the flags of one person. Raises CannotLift while the feed still says that the person is protected."""
    with transaction.atomic(using=using):
        row = PersonFlag.objects.using(using).select_for_update().filter(pk=atena_no, on=True).first()
        if row is None:
            raise CannotLift("設定中の自動応答不可・不開示該当がありません")
        if row.told:
            raise CannotLift("配信元では支援措置が続いています。終わったことが届いてから解除してください")
        row.on, row.reason, row.changed_by, row.changed_at = False, reason, by, at
        row.version, row.retry_at = row.version + 1, None
        row.save(using=using)
        audit.changed([atena_no], "flags", before={"on": True}, after={"on": False})
