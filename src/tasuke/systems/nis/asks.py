"""Core, from requester to provider: is it permitted, who is it at the provider, here is a permit. Set-based.

Law: 番号法21条2項: core checks the list and then puts the inquiry through; 23条: it keeps a record.
"""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connections

from tasuke.contracts.mediation import Ask, Outcome, Permit, Permitted
from tasuke.systems.nis.codes import code_context
from tasuke.systems.nis.master import day_of, list_on
from tasuke.systems.nis.models import RecordEvent
from tasuke.systems.nis.records import RecordRow, RefusedMessage, add_records, plain
from tasuke.systems.nis.settings_holder import service, vault

_LONGEST_ID = 100
_RESOLVE = """
SELECT mine.person_id, theirs.code_sealed
FROM unnest(%s::bytea[], %s::text[]) WITH ORDINALITY AS ask (code_index, provider, place)
LEFT JOIN nis_code mine ON mine.code_index = ask.code_index AND mine.body = %s AND mine.removed_at IS NULL
LEFT JOIN nis_code theirs
       ON theirs.person_id = mine.person_id AND theirs.body = ask.provider AND theirs.removed_at IS NULL
ORDER BY ask.place
"""
_ISSUE = """
INSERT INTO nis_issuedpermit (permit_id, request_id, requester, provider, procedure_code, information_code, person_id,
                              undisclosed, issued_at, expires_at, state)
SELECT permit_id, request_id, %s, provider, procedure_code, information_code, person_id, undisclosed, %s, %s, 'open'
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::boolean[])
     AS row (permit_id, request_id, provider, procedure_code, information_code, person_id, undisclosed)
ON CONFLICT (requester, request_id) DO NOTHING
RETURNING permit_id
"""


@dataclass(slots=True)
class Mediated:
    """What became of a batch: for each provider what it is asked, for the requester what cannot be asked."""

    permitted: dict[str, list[Permitted]] = field(default_factory=lambda: defaultdict(list))
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[RefusedMessage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An ask that may be put: the person, and the code that the provider knows it by."""

    ask: Ask
    person_id: int
    code_sealed: bytes


def mediate_asks(asks: Sequence[Ask], *, requester: str, at: datetime, using: str) -> Mediated:
    """Put inquiries through, in the caller's transaction; every one of them is on record, also the refused."""
    done = Mediated()
    permissions = list_on(day_of(at), using=using)
    allowed: list[Ask] = []
    records: list[RecordRow] = []
    for ask in asks:
        reason = _malformed(ask) or permissions.refusal(
            procedure=ask.procedure_code,
            requester=requester,
            information=ask.information_code,
            provider=ask.provider,
            year=ask.year,
        )
        if reason:
            _refuse(done, records, ask, reason, requester=requester, person_id=None, at=at)
        else:
            allowed.append(ask)
    resolved: list[_Resolved] = []
    for ask, (person_id, code_sealed) in zip(allowed, _resolve(allowed, requester, using), strict=True):
        if person_id is None:
            _refuse(done, records, ask, "unknown-code", requester=requester, person_id=None, at=at)
        elif code_sealed is None:  # nobody there has ever asked for a code of this person: nothing can be held there
            _refuse(done, records, ask, "no-code-at-provider", requester=requester, person_id=person_id, at=at)
        else:
            resolved.append(_Resolved(ask, person_id, bytes(code_sealed)))
    add_records(records, event=RecordEvent.REFUSED, at=at, using=using)
    _permit(done, resolved, requester=requester, at=at, using=using)
    return done


def _malformed(ask: Ask) -> str:
    """bad-request-id: it could not be stored, and would stop everything that is behind it."""
    fits = 1 <= len(ask.request_id) <= _LONGEST_ID and ask.request_id.isprintable()
    return "" if fits else "bad-request-id"


def _resolve(asks: Sequence[Ask], requester: str, using: str) -> list[tuple[int | None, bytes | None]]:
    if not asks:
        return []
    indexes = vault().index_many((ask.code for ask in asks), context=code_context(requester))
    with connections[using].cursor() as cursor:
        cursor.execute(_RESOLVE, [indexes, [ask.provider for ask in asks], requester])
        return list(cursor.fetchall())


def _refuse(
    done: Mediated,
    records: list[RecordRow],
    ask: Ask,
    reason: str,
    *,
    requester: str,
    person_id: int | None,
    at: datetime,
) -> None:
    """Not put through: the requester gets the reason, the record the rest. A missing code there means: no data."""
    outcome = Outcome(
        request_id=ask.request_id,
        outcome="none" if reason == "no-code-at-provider" else "refused",
        reason=reason,
        undisclosed=ask.undisclosed,
    )
    done.outcomes.append(outcome)
    records.append(
        RecordRow(
            permit_id="",
            person_id=person_id,
            requester=requester,
            provider=plain(ask.provider)[:16],
            procedure_code=plain(ask.procedure_code)[:16],
            information_code=plain(ask.information_code)[:16],
            asked_at=at,
            provided_at=None,
            outcome=outcome.outcome,
            reason=reason,
            items=(),
            undisclosed=ask.undisclosed,
        )
    )


def _permit(done: Mediated, resolved: Sequence[_Resolved], *, requester: str, at: datetime, using: str) -> None:
    """Issue permits. A request id that had a permit before gets no second one: it is a fault, and on record."""
    if not resolved:
        return
    expires_at = at + service().permit
    numbers = [f"K{secrets.token_hex(12)}" for _ in resolved]
    columns: list[list[Any]] = [
        numbers,
        [r.ask.request_id for r in resolved],
        [r.ask.provider for r in resolved],
        [r.ask.procedure_code for r in resolved],
        [r.ask.information_code for r in resolved],
        [r.person_id for r in resolved],
        [r.ask.undisclosed for r in resolved],
    ]
    with connections[using].cursor() as cursor:
        cursor.execute(_ISSUE, [requester, at, expires_at, *columns])
        issued = {row[0] for row in cursor.fetchall()}
    taken = [(number, one) for number, one in zip(numbers, resolved, strict=True) if number in issued]
    done.refused += [
        RefusedMessage("duplicate-request", sender=requester, message_id=one.ask.request_id)
        for number, one in zip(numbers, resolved, strict=True)
        if number not in issued
    ]
    add_records(
        [_asked(number, one, requester, at) for number, one in taken], event=RecordEvent.ASKED, at=at, using=using
    )
    by_provider: dict[str, list[tuple[str, _Resolved]]] = defaultdict(list)
    for number, one in taken:
        by_provider[one.ask.provider].append((number, one))
    for provider, group in by_provider.items():
        codes = vault().open_many((one.code_sealed for _, one in group), context=code_context(provider))
        done.permitted[provider] += [
            Permitted(
                permit=Permit(
                    permit_id=number,
                    requester=requester,
                    provider=provider,
                    procedure_code=one.ask.procedure_code,
                    information_code=one.ask.information_code,
                    issued_at=at,
                    expires_at=expires_at,
                ),
                code=code.decode("ascii"),
                year=one.ask.year,
                condition_sealed=one.ask.condition_sealed,
                undisclosed=one.ask.undisclosed,
            )
            for (number, one), code in zip(group, codes, strict=True)
        ]


def _asked(number: str, one: _Resolved, requester: str, at: datetime) -> RecordRow:
    return RecordRow(
        permit_id=number,
        person_id=one.person_id,
        requester=requester,
        provider=one.ask.provider,
        procedure_code=one.ask.procedure_code,
        information_code=one.ask.information_code,
        asked_at=at,
        provided_at=None,
        outcome="",
        reason="",
        items=(),
        undisclosed=one.ask.undisclosed,
    )
