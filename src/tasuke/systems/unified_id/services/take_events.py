"""Events of residents, in the order of their sequence: applied once each, duplicates dropped, a gap is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tasuke.contracts.distribution import ResidentEvent
from tasuke.platform.crypto.sealed import CannotOpen
from tasuke.systems.unified_id.decide import NON_RESIDENT_BUSINESS, Facts, Fault, Row
from tasuke.systems.unified_id.models import Position
from tasuke.systems.unified_id.my_number import open_from_wire
from tasuke.systems.unified_id.policy import RESIDENT_BUSINESS
from tasuke.systems.unified_id.services.register_numbers import register_numbers

# 住民状態 of the feed (formats/resident_feed): 1 住民, 2 転出者, 3 死亡者, 8 住登外者, 9 その他消除者
_RESIDENT, _NON_RESIDENT, _REMOVED = "1", "8", ("2", "3", "9")


@dataclass(frozen=True, slots=True)
class Taken:
    """applied: everything up to here is in; missing_from: first sequence that is not, while later ones exist."""

    applied: int
    missing_from: int | None
    rows: int


def take_events(*, using: str, provider: str, events: Sequence[ResidentEvent], last: int, at: datetime) -> Taken:
    """Apply what follows on what is applied already; events beyond a gap are left to the next PULL."""
    with transaction.atomic(using=using):
        position = position_of(provider, using=using)
        ready: list[ResidentEvent] = []
        expected = position.applied + 1
        for event in sorted(events, key=lambda e: e.sequence):
            if event.sequence == expected:
                ready.append(event)
                expected += 1
        if ready:
            rows, faults = _rows(ready)
            register_numbers(using=using, rows=rows, refused=faults, system=provider, source="event", at=at)
        position.applied = expected - 1
        position.last = max(position.last, last, *(e.sequence for e in events), 0)
        position.changed_at = at
        position.save(using=using)
    behind = position.last > position.applied
    return Taken(position.applied, position.applied + 1 if behind else None, len(ready))


def position_of(provider: str, *, using: str) -> Position:
    """How far this provider's events are applied, locked until the end of the transaction."""
    Position.objects.using(using).bulk_create([Position(provider=provider)], ignore_conflicts=True)
    return Position.objects.using(using).select_for_update().get(pk=provider)


def _rows(events: Sequence[ResidentEvent]) -> tuple[list[Row], list[Fault]]:
    rows: list[Row] = []
    faults: list[Fault] = []
    for place, event in enumerate(events, start=1):
        status = str(event.items.get("resident_status") or _RESIDENT)
        link = (NON_RESIDENT_BUSINESS if status == _NON_RESIDENT else RESIDENT_BUSINESS, event.atena_no)
        try:
            number = open_from_wire(event.my_number_sealed) if event.my_number_sealed else None
        except CannotOpen:
            faults.append(Fault(place, link, "E0002", "封緘された個人番号を開けません"))
            continue
        rows.append(
            Row(place, link, _facts(event), resident=status == _RESIDENT, removed=status in _REMOVED, number=number)
        )
    return rows, faults


def _facts(event: ResidentEvent) -> Facts:
    address = " ".join(_text(event, name) for name in ("address", "address_detail") if _text(event, name))
    birth = _text(event, "birth_date")
    return Facts(_text(event, "name"), birth, _text(event, "sex"), address)


def _text(event: ResidentEvent, name: str) -> str:
    value = event.items.get(name)
    return "" if value is None else str(value)
