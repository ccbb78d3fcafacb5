"""Close permits that nobody answered in time, and tell those who asked."""

from datetime import datetime

from django.db import transaction

from tasuke.contracts.mediation import OutcomeBatch
from tasuke.systems.nis import answers, mailbox
from tasuke.systems.nis.settings_holder import USING


def expire_permits(*, at: datetime, limit: int = 10_000, using: str = USING) -> int:
    """Close at most `limit` permits, in one transaction; gives how many."""
    with transaction.atomic(using=using):
        outcomes = answers.expire(at=at, limit=limit, using=using)
        mails = {to: [OutcomeBatch(items=part) for part in mailbox.in_parts(own)] for to, own in outcomes.items()}
        mailbox.post(using=using, contents=mails, at=at)
    return sum(map(len, outcomes.values()))
