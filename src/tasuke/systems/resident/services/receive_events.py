"""Events that 住民記録 sends at once: each is taken once and in order, a gap is named, bad values are kept aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from django.db import transaction

from tasuke.contracts.distribution import RegisterEvent
from tasuke.core.problems import Problem, Severity
from tasuke.formats import resident_feed
from tasuke.systems.resident.models import IntakeFault, IntakePosition
from tasuke.systems.resident.services.receive_states import receive_states

_FIRST_LINE = 2  # after the header
_OWN = "seq"  # given here, not by the sender's values
_KNOWN = frozenset(f.name for f in resident_feed.LAYOUT.fields if f.name != _OWN)


@dataclass(frozen=True, slots=True)
class Received:
    """applied: everything up to here is in; missing_from: the first that is not, while later ones exist; refused:
    sequence and reason of events that could not be used."""

    applied: int
    missing_from: int | None
    refused: tuple[tuple[int, str], ...]


def receive_events(
    *, using: str, sender: str, events: Sequence[RegisterEvent], last: int, at: datetime, tell_gateway: bool = True
) -> Received:
    """Take what follows on what is in already; what comes after a gap is left to the sender to send again.

    An event with unusable values is kept as a fault and does not hold up those behind it.
    """
    with transaction.atomic(using=using):
        position = _position(sender, using)
        ready: list[RegisterEvent] = []
        for event in sorted(events, key=lambda e: e.sequence):
            if event.sequence < position.applied + len(ready) + 1:
                position.duplicates += 1
            elif event.sequence == position.applied + len(ready) + 1:
                ready.append(event)
        refused = _take(using, sender, ready, at, tell_gateway=tell_gateway)
        position.applied += len(ready)
        position.last = max(position.last, last, position.applied, *(e.sequence for e in events))
        position.gaps += int(any(event.sequence > position.applied for event in events))
        position.changed_at = at
        position.save(using=using)
    behind = position.last > position.applied
    return Received(position.applied, position.applied + 1 if behind else None, refused)


def _position(sender: str, using: str) -> IntakePosition:
    IntakePosition.objects.using(using).bulk_create([IntakePosition(sender=sender)], ignore_conflicts=True)
    return IntakePosition.objects.using(using).select_for_update().get(pk=sender)


def _take(
    using: str, sender: str, events: Sequence[RegisterEvent], at: datetime, *, tell_gateway: bool
) -> tuple[tuple[int, str], ...]:
    """Store the good ones; sequence and reason of the others."""
    found: list[tuple[RegisterEvent, Problem]] = [(e, p) for e in events for p in _strange(e)]
    strange = {event.sequence for event, _ in found}
    readable = [event for event in events if event.sequence not in strange]
    if readable:
        frame, problems = resident_feed.parse(_as_file(readable))
        receive_states(using=using, rows=frame, at=at, file_id=None, tell_gateway=tell_gateway)
        found += [(readable[p.line - _FIRST_LINE], p) for p in problems if p.line is not None]
    IntakeFault.objects.using(using).bulk_create(
        IntakeFault(
            sender=sender,
            sequence=event.sequence,
            atena_no=str(event.values.get("atena_no") or "")[:15],
            taken=problem.severity is Severity.WARNING,
            code=problem.code[:40],
            field=(problem.field or "")[:60],
            message=problem.message[:300],
            at=at,
        )
        for event, problem in found
    )
    reasons: dict[int, str] = {}
    for event, problem in found:
        if problem.severity is not Severity.WARNING:
            reasons.setdefault(event.sequence, f"{problem.field or ''} {problem.message}".strip())
    return tuple(sorted(reasons.items()))


def _strange(event: RegisterEvent) -> list[Problem]:
    """Fields that the layout does not have: nothing of them may be lost unseen."""
    return [
        Problem("field_unknown", "この項目は住民情報の配置にありません。", field=name)
        for name in sorted(set(event.values) - _KNOWN)
    ]


def _as_file(events: Sequence[RegisterEvent]) -> bytes:
    """The events as a file of the layout: what comes at once is read and checked exactly as what comes by file."""
    columns = {
        field.label: pl.Series(
            [str(e.sequence) if field.name == _OWN else _text(e.values.get(field.name)) for e in events],
            dtype=pl.String,
        )
        for field in resident_feed.LAYOUT.fields
    }
    return pl.DataFrame(columns).write_csv(line_terminator="\r\n", quote_style="necessary").encode()


def _text(value: str | bool | int | None) -> str | None:
    """As the file says it. Line breaks have no place in these texts and would move the lines."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return None if value is None else " ".join(str(value).splitlines())
