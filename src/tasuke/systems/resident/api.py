"""What the distribution offers: taking events of 住民記録; pull, confirm, snapshot for its consumers.

Who asks is the caller, never a field of the message.
"""

from datetime import timedelta, timezone

from tasuke.contracts.distribution import (
    CONFIRM,
    PULL,
    PUT_EVENTS,
    SNAPSHOT,
    Events,
    PullRequest,
    Received,
    RegisterEvents,
    Snapshot,
    SnapshotRequest,
    Taken,
)
from tasuke.contracts.kit import Caller, Handlers, Refused
from tasuke.systems.resident.deliveries import current_after, events_after, record_delivery, usage_of
from tasuke.systems.resident.models import Consumer
from tasuke.systems.resident.services.receive_events import receive_events

USING = "resident"
_JST = timezone(timedelta(hours=9))


def put(request: RegisterEvents, caller: Caller) -> Taken:
    """Events of the resident register, as they happen."""
    done = receive_events(
        using=USING, sender=caller.system, events=request.events, last=request.last, at=caller.at, tell_gateway=True
    )
    return Taken(applied=done.applied, missing_from=done.missing_from, refused=done.refused)


def pull(request: PullRequest, caller: Caller) -> Events:
    """Events after a number, for the consumer that calls."""
    consumer, usage = usage_of(using=USING, system=caller.system, on=caller.at.astimezone(_JST).date(), at=caller.at)
    events = events_after(using=USING, consumer=consumer, usage=usage, after=request.after, limit=request.limit)
    if events:
        record_delivery(using=USING, consumer=consumer, usage=usage, events=events, way="pull", at=caller.at)
    return Events(events=events, last=consumer.last_sequence)


def confirm(request: Received, caller: Caller) -> Received:
    """The consumer has applied everything up to a number; it never goes back, and never beyond what exists."""
    consumer = Consumer.objects.using(USING).select_for_update().filter(system=caller.system).first()
    if consumer is None or request.applied > consumer.last_sequence:
        raise Refused("受領した連番が配信した範囲にありません")
    if request.applied > consumer.confirmed:
        consumer.confirmed, consumer.delivered_at = request.applied, caller.at
        consumer.save(update_fields=["confirmed", "delivered_at"])
    return Received(applied=consumer.confirmed)


def snapshot(request: SnapshotRequest, caller: Caller) -> Snapshot:
    """現況, page by page."""
    consumer, usage = usage_of(using=USING, system=caller.system, on=caller.at.astimezone(_JST).date(), at=caller.at)
    # no state is numbered while the page is read: `sequence` says exactly what is in it
    consumer = Consumer.objects.using(USING).select_for_update().get(pk=consumer.pk)
    persons, more = current_after(using=USING, usage=usage, after_atena_no=request.after_atena_no, limit=request.limit)
    if persons:
        record_delivery(using=USING, consumer=consumer, usage=usage, events=persons, way="snapshot", at=caller.at)
    return Snapshot(persons=persons, sequence=consumer.last_sequence, more=more)


HANDLERS: Handlers = {PUT_EVENTS: put, PULL: pull, CONFIRM: confirm, SNAPSHOT: snapshot}
