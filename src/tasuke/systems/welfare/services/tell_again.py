"""A business number that was refused for good goes once more, after a person has looked."""

from datetime import datetime

from django.db import transaction

from tasuke.systems.welfare.models import NumberNotice


def tell_again(*, using: str, notice_id: int, at: datetime) -> NumberNotice | None:
    """Let a dead notice wait again; None when it is not dead."""
    with transaction.atomic(using=using):
        notice = (
            NumberNotice.objects.using(using)
            .select_for_update()
            .filter(pk=notice_id, state=NumberNotice.State.DEAD)
            .first()
        )
        if notice is not None:
            notice.state, notice.attempts, notice.next_at, notice.error = NumberNotice.State.WAITING, 0, at, ""
            notice.version += 1
            notice.save(using=using, update_fields=["state", "attempts", "next_at", "error", "version"])
    return notice
