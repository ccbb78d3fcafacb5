"""Push what is new to every consumer at once; what a consumer has not confirmed goes again."""

from collections import Counter
from datetime import datetime, timedelta, timezone

from django.db import transaction
from django.db.models import F

from tasuke.contracts.distribution import PUSH, Events
from tasuke.contracts.kit import Refused, Unreachable
from tasuke.platform.transport import outbox
from tasuke.systems.resident.deliveries import events_after, note_refusal, record_delivery, usage_of
from tasuke.systems.resident.links import ME, consumer_link
from tasuke.systems.resident.models import Consumer

_PAGE = 1_000
_JST = timezone(timedelta(hours=9))


def push(*, using: str, at: datetime, pages: int = 100) -> dict[str, int]:
    """One round to all consumers that take pushes. Counts: events, unreachable, refused, gaps (sent again), sent
    (messages of the outbox: numbers, households)."""
    counts: Counter[str] = Counter()
    behind = Consumer.objects.using(using).filter(confirmed__lt=F("last_sequence"))
    for system in behind.order_by("pk").values_list("system", flat=True):
        for _ in range(pages):
            done = _push_page(using, system, at, counts)
            if done:
                break
    counts["sent"] += outbox.deliver(using=using, consumer=ME, at=at).sent
    return dict(counts)


def _push_page(using: str, system: str, at: datetime, counts: "Counter[str]") -> bool:
    """True when this consumer has everything, or takes nothing now."""
    link = consumer_link(system)
    if link is None:
        return True
    try:
        with transaction.atomic(using=using):
            consumer = Consumer.objects.using(using).select_for_update().get(system=system)
            _, usage = usage_of(using=using, system=system, on=at.astimezone(_JST).date(), at=at)
            events = events_after(using=using, consumer=consumer, usage=usage, after=consumer.confirmed, limit=_PAGE)
            if not events:
                return True
            last = consumer.last_sequence
            # all that the message says is in its key: a page sent again while new events came is another message
            key = f"{system}-{events[0].sequence}-{events[-1].sequence}-{consumer.confirmed}-{last}-{usage.pk}"
            told = link.call(PUSH, Events(events=events, last=last), key=key)
            # handed over is handed over, whatever the consumer says to it
            record_delivery(using=using, consumer=consumer, usage=usage, events=events, way="push", at=at)
            possible = 0 <= told.applied <= last
            stuck = not possible or told.applied == consumer.confirmed
            if possible:
                consumer.confirmed, consumer.delivered_at = told.applied, at
                consumer.save(update_fields=["confirmed", "delivered_at"])
            else:
                reason = "受領した連番が配信した範囲にありません"
                note_refusal(using=using, system=system, at=at, reason=reason)
                counts["refused"] += 1
    except Unreachable:
        counts["unreachable"] += 1
        return True
    except Refused as error:
        note_refusal(using=using, system=system, at=at, reason=error.title)
        counts["refused"] += 1
        return True
    counts["events"] += len(events)
    if told.missing_from is not None:
        counts["gaps"] += 1
    return stuck
