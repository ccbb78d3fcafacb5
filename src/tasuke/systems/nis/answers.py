"""Core, from provider back to requester: the permit is used up, once and in time, and the answer goes on. Set-based."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connections

from tasuke.contracts.mediation import Outcome, Provided
from tasuke.systems.nis.models import IssuedPermit, PermitState, RecordEvent
from tasuke.systems.nis.records import RecordRow, RefusedMessage, add_records

_LONGEST_ID = 40
_LONGEST_ITEM = 100
_USE = """
UPDATE nis_issuedpermit SET state = 'used', closed_at = %s
WHERE permit_id = ANY(%s) AND provider = %s AND state = 'open' AND expires_at > %s
RETURNING permit_id, request_id, requester, procedure_code, information_code, person_id, undisclosed, issued_at
"""
_EXPIRE = """
UPDATE nis_issuedpermit SET state = 'expired', closed_at = %s
WHERE id IN (
    SELECT id FROM nis_issuedpermit WHERE state = 'open' AND expires_at <= %s
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING permit_id, request_id, requester, provider, procedure_code, information_code, person_id, undisclosed,
          issued_at
"""


@dataclass(slots=True)
class Returned:
    """requester → outcomes; and what could not be matched to a permit."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    refused: list[RefusedMessage] = field(default_factory=list)


def mediate_answers(items: Sequence[Provided], *, provider: str, at: datetime, using: str) -> Returned:
    """Take a provider's answers, in the caller's transaction.

    Refused and on record: permit-unknown (also that of another provider), permit-used, permit-expired, empty-answer,
    bad-answer (an id, an item or a moment that could not be stored).
    """
    done = Returned()
    first: dict[str, Provided] = {}
    for item in items:
        if not _readable(item):
            done.refused.append(_refused("bad-answer", item, provider))
        elif item.outcome == "found" and not item.answer_sealed:
            done.refused.append(_refused("empty-answer", item, provider))
        elif item.permit_id in first:
            done.refused.append(_refused("permit-used", item, provider))
        else:
            first[item.permit_id] = item
    records: list[RecordRow] = []
    for row in _use(list(first), provider, at, using):
        permit_id, request_id, requester, procedure, information, person_id, undisclosed, issued_at = row
        item = first.pop(permit_id)
        hidden = undisclosed or item.undisclosed
        outcome = Outcome(
            request_id=request_id,
            permit_id=permit_id,
            outcome=item.outcome,
            answer_sealed=item.answer_sealed if item.outcome == "found" else "",
            item_names=item.item_names,
            provided_at=item.provided_at,
            undisclosed=hidden,
        )
        done.outcomes[requester].append(outcome)
        records.append(
            RecordRow(
                permit_id=permit_id,
                person_id=person_id,
                requester=requester,
                provider=provider,
                procedure_code=procedure,
                information_code=information,
                asked_at=issued_at,
                provided_at=item.provided_at,
                outcome=item.outcome,
                reason="",
                items=item.item_names,
                undisclosed=hidden,
            )
        )
    add_records(records, event=RecordEvent.PROVIDED, at=at, using=using)
    done.refused += _why_not(list(first.values()), provider, using)
    return done


def expire(*, at: datetime, limit: int, using: str) -> dict[str, list[Outcome]]:
    """Close permits that nobody answered in time, in the caller's transaction; gives outcomes by requester."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    records = []
    with connections[using].cursor() as cursor:
        cursor.execute(_EXPIRE, [at, at, limit])
        rows = cursor.fetchall()
    for row in rows:
        permit_id, request_id, requester, provider, procedure, information, person_id, undisclosed, issued_at = row
        outcomes[requester].append(
            Outcome(
                request_id=request_id,
                permit_id=permit_id,
                outcome="refused",
                reason="permit-expired",
                undisclosed=undisclosed,
            )
        )
        records.append(
            RecordRow(
                permit_id=permit_id,
                person_id=person_id,
                requester=requester,
                provider=provider,
                procedure_code=procedure,
                information_code=information,
                asked_at=issued_at,
                provided_at=None,
                outcome="refused",
                reason="permit-expired",
                items=(),
                undisclosed=undisclosed,
            )
        )
    add_records(records, event=RecordEvent.EXPIRED, at=at, using=using)
    return outcomes


def _readable(item: Provided) -> bool:
    """What could not be stored would stop everything that is behind it."""
    names = item.item_names
    fits = len(item.permit_id) <= _LONGEST_ID and all(len(name) <= _LONGEST_ITEM for name in names)
    return fits and item.provided_at.tzinfo is not None and all(map(str.isprintable, (item.permit_id, *names)))


def _use(
    permits: list[str], provider: str, at: datetime, using: str
) -> list[tuple[str, str, str, str, str, int, bool, datetime]]:
    if not permits:
        return []
    with connections[using].cursor() as cursor:
        cursor.execute(_USE, [at, permits, provider, at])
        return list(cursor.fetchall())


def _why_not(items: Sequence[Provided], provider: str, using: str) -> list[RefusedMessage]:
    """What is left over has no open permit of this provider. Another provider's permit is as good as none."""
    if not items:
        return []
    rows = IssuedPermit.objects.using(using).filter(permit_id__in=[i.permit_id for i in items], provider=provider)
    states = dict(rows.values_list("permit_id", "state"))
    return [_refused(_LEFT_OVER.get(states.get(i.permit_id, ""), "permit-unknown"), i, provider) for i in items]


def _refused(code: str, item: Provided, provider: str) -> RefusedMessage:
    return RefusedMessage(code, sender=provider, message_id=item.permit_id)


# an open permit that could not be used has run out of time; the round closes it
_LEFT_OVER = {
    str(PermitState.OPEN): "permit-expired",
    str(PermitState.EXPIRED): "permit-expired",
    str(PermitState.USED): "permit-used",
}
