"""Events of residents, in the order of their sequence: applied once each, duplicates counted, a gap is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasuke.contracts.distribution import ResidentEvent
from tasuke.systems.welfare.intake import NewState, store_states
from tasuke.systems.welfare.links import RESIDENT
from tasuke.systems.welfare.models import PersonState, Position
from tasuke.systems.welfare.publishing import publishing


@dataclass(frozen=True, slots=True)
class Taken:
    """applied: everything up to here is in; missing_from: the first sequence that is not, while later ones exist."""

    applied: int
    missing_from: int | None
    added: int


def take_events(*, using: str, events: Sequence[ResidentEvent], last: int, at: datetime) -> Taken:
    """Apply what follows on what is applied already; events beyond a gap are left to the next push or pull."""
    with publishing(using=using, at=at):
        position = position_of(using=using)
        ready: list[ResidentEvent] = []
        for event in sorted(events, key=lambda e: e.sequence):
            if event.sequence <= position.applied:
                position.duplicates += 1
            elif event.sequence == position.applied + len(ready) + 1:
                ready.append(event)
        added = store_states(using=using, states=[_state(e, e.sequence) for e in ready], at=at, by=RESIDENT)
        position.applied += len(ready)
        position.last = max(position.last, last, position.applied, *(e.sequence for e in events))
        beyond = any(event.sequence > position.applied for event in events)
        position.gaps += int(beyond)
        position.changed_at = at
        position.save(using=using)
    behind = position.last > position.applied
    return Taken(position.applied, position.applied + 1 if behind else None, added)


def take_snapshot(*, using: str, persons: Sequence[ResidentEvent], sequence: int, more: bool, at: datetime) -> int:
    """A page of the first load: 現況 as it stood after `sequence`. Gives how many states are new."""
    with publishing(using=using, at=at):
        position = position_of(using=using)
        added = store_states(using=using, states=[_state(p, sequence) for p in persons], at=at, by=RESIDENT)
        if persons:
            position.loaded_upto = persons[-1].atena_no
        position.loaded_at = None if more else at
        position.changed_at = at
        position.save(using=using)
    return added


def position_seen(*, using: str) -> Position:
    """How far the events of residents are applied, as it stands, without a lock."""
    return Position.objects.using(using).filter(pk=RESIDENT).first() or Position(provider=RESIDENT)


def position_of(*, using: str) -> Position:
    """How far the events of residents are applied, locked until the end of the transaction."""
    Position.objects.using(using).bulk_create([Position(provider=RESIDENT)], ignore_conflicts=True)
    return Position.objects.using(using).select_for_update().get(pk=RESIDENT)


def _state(event: ResidentEvent, place: int) -> NewState:
    return NewState(
        event_id=event.event_id,
        source=PersonState.Source.RESIDENT,
        atena_no=event.atena_no,
        valid_from=event.event_date,
        place=place,
        event_code=event.event_code,
        items=event.items,
    )
