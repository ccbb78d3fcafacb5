"""Registered inquiries become letters: checked once more, with the municipality's own 符号, 1,000 in each."""

import re
from datetime import date, datetime
from typing import Any

from tasuke.contracts.mediation import Ask, AskBatch, Condition, condition_context
from tasuke.platform.crypto.sealed import seal_for
from tasuke.systems.midserver.directory import Directory
from tasuke.systems.midserver.mail.outbox import post
from tasuke.systems.midserver.mail.settling import refuse_inquiries
from tasuke.systems.midserver.master import PermissionList
from tasuke.systems.midserver.safe import CODE, INQUIRY, open_texts, open_values
from tasuke.systems.midserver.tenancy import Inside

MOST = 1_000
# those whose 符号 is still on its way wait; those that have none and will get none are refused
_READY = """
SELECT i.id, i.procedure_code, i.information_code, i.provider, i.year, i.undisclosed, i.sealed, c.code_sealed
FROM inquiry i LEFT JOIN linkage_code c USING (person_key)
WHERE i.state = 'registered' AND (c.person_key IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM code_request r WHERE r.person_key = i.person_key AND r.state = 'requested'))
ORDER BY i.id LIMIT %s FOR UPDATE OF i SKIP LOCKED
"""


def write_asks(
    room: Inside, *, permissions: PermissionList, keys: Directory, at: datetime, limit: int = MOST
) -> dict[str, int]:
    """One letter with up to `limit` inquiries. Gives inquiries_sent and inquiries_refused; both 0: nothing waits."""
    rows = room.rows(_READY, [min(limit, MOST)])
    refused: dict[int, str] = {}
    lawful = []
    for row in rows:
        why = _why_not(room, row, permissions, keys, at)
        if why:
            refused[row[0]] = why
        else:
            lawful.append(row)
    refuse_inquiries(room, refused, at=at)
    if lawful:
        codes = open_texts(room, [row[7] for row in lawful], context=CODE)
        facts = open_values(room, [row[6] for row in lawful], context=INQUIRY)
        asks = tuple(
            _ask(room, row, code, fact, keys, at) for row, code, fact in zip(lawful, codes, facts, strict=True)
        )
        message_id = post(room, AskBatch(asks=asks), at=at)
        room.cursor.execute(
            "UPDATE inquiry SET state = 'sent', sent_at = %s, message_id = %s WHERE id = ANY(%s)",
            [at, message_id, [row[0] for row in lawful]],
        )
    return {"inquiries_sent": len(lawful), "inquiries_refused": len(refused)}


def request_id(inquiry_id: int) -> str:
    """How the national side names an inquiry: unique for the municipality, and not the gateway's record id."""
    return f"Q{inquiry_id:013d}"


def inquiry_id(text: str) -> int | None:
    """Back from `request_id`; None for a text of another form."""
    return int(text[1:]) if re.fullmatch(r"Q[0-9]{13}", text) else None


def _why_not(room: Inside, row: tuple[Any, ...], permissions: PermissionList, keys: Directory, at: datetime) -> str:
    if row[7] is None:
        return "符号を取得していません"
    if keys.sealing_key(row[3], at) is None:
        return "照会先の公開鍵がありません"
    return permissions.why_not(
        requester=room.body, provider=row[3], procedure=row[1], information=row[2], year=row[4], at=at
    )


def _ask(room: Inside, row: tuple[Any, ...], code: str, fact: dict[str, Any], keys: Directory, at: datetime) -> Ask:
    number, procedure, information, provider, year, undisclosed, *_ = row
    recipient = keys.sealing_key(provider, at)
    sealed = ""
    if recipient is not None and (fact["from"] or fact["to"]):
        condition = Condition(valid_from=_day(fact["from"]), valid_to=_day(fact["to"]))
        context = condition_context(
            requester=room.body, provider=provider, procedure_code=procedure, information_code=information
        )
        jwk = {**recipient.jwk, "kid": recipient.kid}
        sealed = seal_for(jwk, condition.model_dump_json().encode(), context=context)
    return Ask(
        request_id=request_id(number),
        code=code,
        procedure_code=procedure,
        information_code=information,
        provider=provider,
        year=year,
        condition_sealed=sealed,
        undisclosed=undisclosed,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
