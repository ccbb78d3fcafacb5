"""Records of 番号法23条 and of refusals: only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from tasuke.systems.nis.calendar import years_later
from tasuke.systems.nis.models import RecordEvent, Refusal
from tasuke.systems.nis.settings_holder import service

_INSERT = """
INSERT INTO nis_record (at, keep_until, event, permit_id, person_id, requester, provider, procedure_code,
                        information_code, asked_at, provided_at, outcome, reason, items, undisclosed)
SELECT %s, %s, %s, permit_id, person_id, requester, provider, procedure_code, information_code, asked_at, provided_at,
       outcome, reason, CASE items WHEN '' THEN '{}'::text[] ELSE string_to_array(items, E'\\x1f') END, undisclosed
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
            %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::boolean[])
     WITH ORDINALITY AS row (permit_id, person_id, requester, provider, procedure_code, information_code, asked_at,
                             provided_at, outcome, reason, items, undisclosed, place)
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What is recorded of one inquiry. person_id: internal, none when the code was unknown."""

    permit_id: str
    person_id: int | None
    requester: str
    provider: str
    procedure_code: str
    information_code: str
    asked_at: datetime
    provided_at: datetime | None
    outcome: str
    reason: str
    items: tuple[str, ...]
    undisclosed: bool


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """What is recorded of something that was not taken. Nothing of its content."""

    code: str
    detail: str = ""
    sender: str = ""
    message_id: str = ""
    sequence: int | None = None


def add_records(rows: Sequence[RecordRow], *, event: RecordEvent, at: datetime, using: str) -> None:
    """Add records with one statement, in the caller's transaction."""
    if not rows:
        return
    columns: list[list[Any]] = [
        [r.permit_id for r in rows],
        [r.person_id for r in rows],
        [r.requester for r in rows],
        [r.provider for r in rows],
        [r.procedure_code for r in rows],
        [r.information_code for r in rows],
        [r.asked_at for r in rows],
        [r.provided_at for r in rows],
        [r.outcome for r in rows],
        [r.reason for r in rows],
        ["\x1f".join(r.items) for r in rows],
        [r.undisclosed for r in rows],
    ]
    keep_until = years_later(at, service().record_years)
    with connections[using].cursor() as cursor:
        cursor.execute(_INSERT, [at, keep_until, str(event), *columns])


def add_refusals(refused: Sequence[RefusedMessage], *, body: str, at: datetime, using: str) -> None:
    """Add refusals, in the caller's transaction. body: who brought it, as we found out ourselves."""
    Refusal.objects.using(using).bulk_create(
        [
            Refusal(
                at=at,
                body=body[:16],
                sender=plain(one.sender)[:16],
                message_id=plain(one.message_id)[:100],
                sequence=one.sequence if one.sequence is None or one.sequence < 2**63 else None,
                code=one.code,
                detail=one.detail[:200],
            )
            for one in refused
        ],
        batch_size=1_000,
    )


def plain(text: str) -> str:
    """What a stranger wrote, without control characters (PostgreSQL takes no NUL)."""
    return "".join(char for char in text if char.isprintable())
