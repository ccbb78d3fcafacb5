"""Delete what has been kept long enough, and keep on record that it was."""

from datetime import datetime, timedelta

from django.db import connections, transaction

from tasuke.systems.nis.calendar import years_later
from tasuke.systems.nis.models import Removal
from tasuke.systems.nis.settings_holder import USING, service

# what is deleted → statement with one moment and a limit. Records carry their own end, and the database checks it.
# A permit goes with the records that tell of it; 処理通番 as long as a permit would live after them.
_STATEMENTS = {
    "records": "DELETE FROM nis_record WHERE id IN (SELECT id FROM nis_record "
    "WHERE keep_until <= LEAST(%s, clock_timestamp()) LIMIT %s)",  # the trigger refuses what is early by its own clock
    "permits": "DELETE FROM nis_issuedpermit WHERE id IN "
    "(SELECT id FROM nis_issuedpermit WHERE state <> 'open' AND closed_at <= %s LIMIT %s)",
    "received": "DELETE FROM nis_received WHERE id IN (SELECT id FROM nis_received WHERE at <= %s LIMIT %s)",
    "refusals": "DELETE FROM nis_refusal WHERE id IN (SELECT id FROM nis_refusal WHERE at <= %s LIMIT %s)",
}


def kept_from(at: datetime) -> dict[str, datetime]:
    """Of each kind, the moment from which on things are kept still."""
    hours = service()
    return {
        "records": at,
        "permits": years_later(at, -hours.record_years),
        "received": at - max(hours.received, timedelta(days=30)),
        "refusals": years_later(at, -hours.refusal_years),
    }


def remove_expired(*, at: datetime, limit: int = 10_000, using: str = USING) -> dict[str, int]:
    """Delete at most `limit` rows of each kind, in one transaction; gives how many of each."""
    upto = kept_from(at)
    counts: dict[str, int] = {}
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for what, statement in _STATEMENTS.items():
            cursor.execute(statement, [upto[what], limit])
            counts[what] = cursor.rowcount
            if cursor.rowcount:
                Removal.objects.using(using).create(at=at, what=what, upto=upto[what], rows=cursor.rowcount)
    return counts
