"""What a consumer gets: only under an approval in force, only its items, in its own order, and on record."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from django.db import connections

from tasuke.contracts.distribution import ResidentEvent
from tasuke.contracts.kit import Refused
from tasuke.systems.resident.items import only
from tasuke.systems.resident.models import Consumer, Delivery, DeliveryRecord, Refusal, ResidentState, UsageApplication

_JST = timezone(timedelta(hours=9))
# new states in the order in which they came → the next numbers of every consumer with an approval
_NUMBER = """
WITH next AS (
  SELECT s.id, row_number() OVER (ORDER BY s.id) AS place FROM resident_state s
  WHERE s.id > %(after)s AND s.id <= %(upto)s
), numbered AS (
  INSERT INTO resident_delivery (consumer_id, sequence, state_id)
  SELECT %(consumer)s, %(last)s + place, id FROM next ORDER BY place
)
UPDATE resident_consumer SET last_sequence = %(last)s + (SELECT count(*) FROM next) WHERE id = %(consumer)s
"""
_PRESENT = "20"  # 現況
_OF_STATE = ("event_id", "atena_no", "event_code", "event_date", "recorded_at", "items")
_CURRENT = """
SELECT DISTINCT ON (s.atena_no) s.id, s.event_id, s.atena_no, s.event_date, s.recorded_at, s.items
FROM resident_state s WHERE s.atena_no > %(after)s
ORDER BY s.atena_no, s.event_date DESC, s.id DESC LIMIT %(limit)s
"""


def number_new_states(*, using: str, after: int, upto: int) -> None:
    """Give every consumer its numbers for the states (after, upto], in the transaction that wrote them."""
    for consumer in Consumer.objects.using(using).select_for_update().order_by("pk"):
        facts = {"after": after, "upto": upto, "consumer": consumer.pk, "last": consumer.last_sequence}
        with connections[using].cursor() as cursor:
            cursor.execute(_NUMBER, facts)


def usage_of(*, using: str, system: str, on: date, at: datetime) -> tuple[Consumer, UsageApplication]:
    """The approval in force. Raises Refused."""
    usage = (
        UsageApplication.objects.using(using)
        .select_related("consumer")
        .filter(consumer__system=system, state=UsageApplication.State.APPROVED, valid__contains=on)
        .first()
    )
    if usage is None:
        raise Refused("この日に有効な利用承認がありません", status=403)
    return usage.consumer, usage


def note_refusal(*, using: str, system: str, at: datetime, reason: str) -> None:
    """Keep that somebody was not given what they may not have: once a day for a reason, however often it is tried."""
    day = at.astimezone(_JST).replace(hour=0, minute=0, second=0, microsecond=0)
    known = Refusal.objects.using(using).filter(
        system=system, reason=reason[:200], at__gte=day, at__lt=day + timedelta(days=1)
    )
    if not known.exists():
        Refusal.objects.using(using).create(system=system, at=at, reason=reason[:200])


def events_after(
    *, using: str, consumer: Consumer, usage: UsageApplication, after: int, limit: int
) -> tuple[ResidentEvent, ...]:
    """The next events of a consumer, with its items only."""
    # plain columns: two objects for each row would cost more than all the rest of a delivery
    rows = (
        Delivery.objects.using(using)
        .filter(consumer=consumer, sequence__gt=after)
        .order_by("sequence")
        .values_list("sequence", *(f"state__{name}" for name in _OF_STATE))[:limit]
    )
    wanted = usage.items
    return tuple(
        ResidentEvent(
            sequence=sequence,
            event_id=str(event_id),
            atena_no=atena_no,
            event_code=event_code,
            event_date=event_date,
            recorded_at=recorded_at,
            items=_values(only(items, wanted)),
        )
        for sequence, event_id, atena_no, event_code, event_date, recorded_at, items in rows
    )


def current_after(
    *, using: str, usage: UsageApplication, after_atena_no: str, limit: int
) -> tuple[tuple[ResidentEvent, ...], bool]:
    """現況 of persons in the order of 宛名番号, and whether there are more."""
    with connections[using].cursor() as cursor:
        cursor.execute(_CURRENT, {"after": after_atena_no, "limit": limit + 1})
        ids = [row[0] for row in cursor.fetchall()]
    states = {s.pk: s for s in ResidentState.objects.using(using).filter(pk__in=ids[:limit])}
    events = tuple(_present(states[pk], place, usage) for place, pk in enumerate(ids[:limit], start=1))
    return events, len(ids) > limit


def _present(state: ResidentState, sequence: int, usage: UsageApplication) -> ResidentEvent:
    return ResidentEvent(
        sequence=sequence,
        event_id=str(state.event_id),
        atena_no=state.atena_no,
        event_code=_PRESENT,
        event_date=state.event_date,
        recorded_at=state.recorded_at,
        items=_values(only(state.items, usage.items)),
    )


def _values(items: dict[str, object]) -> dict[str, Any]:
    return {name: value for name, value in items.items() if value is not None}


def record_delivery(
    *, using: str, consumer: Consumer, usage: UsageApplication, events: Sequence[ResidentEvent], way: str, at: datetime
) -> None:
    """情報連携記録 of one hand-over."""
    persons = "\n".join(sorted({event.atena_no for event in events}))
    DeliveryRecord.objects.using(using).create(
        consumer=consumer,
        usage=usage,
        at=at,
        way=way,
        first_sequence=events[0].sequence if events and way != "snapshot" else None,
        last_sequence=events[-1].sequence if events and way != "snapshot" else None,
        events=len(events),
        persons_sha256=sha256(persons.encode()).digest(),
    )
