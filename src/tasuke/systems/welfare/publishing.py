"""Changes and who gets them: in the transaction of what changed, numbered for every subscriber without a gap."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from tasuke.systems.welfare.models import Subscriber

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('welfare-changes', 0))"
_NEWEST = "SELECT COALESCE(max(id), 0) FROM welfare_change"
_NUMBER = """
WITH next AS (
  SELECT c.id, c.kind, c.atena_no, row_number() OVER (ORDER BY c.id) AS place FROM welfare_change c
  WHERE c.id > %(after)s AND c.kind = ANY(%(kinds)s) AND c.only_for IN ('', %(business)s)
    AND NOT EXISTS (SELECT 1 FROM welfare_delivery d WHERE d.subscriber_id = %(subscriber)s AND d.change_id = c.id)
), numbered AS (
  INSERT INTO welfare_delivery (subscriber_id, sequence, change_id)
  SELECT %(subscriber)s, %(last)s + place, id FROM next ORDER BY place
), used AS (  -- a business number that 団体内統合宛名 is to know
  INSERT INTO welfare_number_notice
    (business_id, atena_no, removed, version, state, attempts, posted_at, next_at, error)
  SELECT DISTINCT %(business)s, atena_no, FALSE, 1, 'waiting', 0, %(at)s::timestamptz, %(at)s::timestamptz, ''
  FROM next WHERE kind IN ('person', 'nonresident') ON CONFLICT (business_id, atena_no) DO NOTHING
)
UPDATE welfare_subscriber SET last_sequence = %(last)s + (SELECT count(*) FROM next) WHERE id = %(subscriber)s
"""


@contextmanager
def publishing(*, using: str, at: datetime) -> Iterator[None]:
    """A transaction that writes changes: one after the other, and numbered for the subscribers at its end."""
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            # ids and numbers in the order of commits: two writers at once take their turns
            cursor.execute(_LOCK)
            cursor.execute(_NEWEST)
            before = int(cursor.fetchone()[0])
        yield
        approved = Subscriber.objects.using(using).filter(state=Subscriber.State.APPROVED)
        for subscriber in approved.select_for_update().order_by("pk"):
            number_for(subscriber, using=using, after=before, at=at)


def number_for(subscriber: Subscriber, *, using: str, after: int, at: datetime) -> None:
    """Number the changes after an id that the subscriber may have and has not got; inside `publishing`."""
    facts: dict[str, Any] = {
        "after": after,
        "kinds": list(subscriber.kinds),
        "business": subscriber.business_id,
        "subscriber": subscriber.pk,
        "last": subscriber.last_sequence,
        "at": at,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_NUMBER, facts)
