"""What a municipality may read of its own: states, results, waiting provisions, records."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tasuke.contracts.interface import MidResult, MidStatus, ProvisionRecord, ProvisionWaiting
from tasuke.contracts.mediation import Answer
from tasuke.contracts.unified import CodeProgress
from tasuke.systems.midserver.safe import ANSWER, INQUIRY, PERSON, PROVISION, open_texts, open_values, person_keys
from tasuke.systems.midserver.services.answer_manually import provision_id_of
from tasuke.systems.midserver.tenancy import Inside

_ZONE = ZoneInfo("Asia/Tokyo")
# 明細ステータス, 特定個人情報ステータス of a good result (interop.md 3.4); other values are unpublished: left empty
_GOOD = ("09", "01")
_RESULTS = """
SELECT result_seq, record_id, sealed, outcome, reason, provider, information_code, settled_at, answer_sealed, person_key
FROM inquiry WHERE result_seq > %s ORDER BY result_seq LIMIT %s
"""
_WAITING = """
SELECT waiting_seq, id, sealed, requester, procedure_code, information_code, asked_at, why, person_key
FROM provision WHERE state = 'waiting' AND waiting_seq > %s ORDER BY waiting_seq LIMIT %s
"""
_RECORDS = """
SELECT sequence, side, permit_id, person_sealed, requester, provider, procedure_code, information_code, asked_at,
    provided_at, outcome, items, undisclosed, person_key
FROM provision_record
WHERE sequence > %s AND asked_at >= %s AND asked_at < %s AND (%s::bytea IS NULL OR person_key = %s)
ORDER BY sequence LIMIT %s
"""


def code_states(room: Inside, processing_nos: Sequence[str]) -> tuple[CodeProgress, ...]:
    """Progress of these 処理通番 in the order asked; unknown ones are left out. A removed one is `none`."""
    rows = room.rows(
        "SELECT processing_no, person_sealed, state, error FROM code_request WHERE processing_no = ANY(%s)",
        [list(processing_nos)],
    )
    people = open_texts(room, [row[1] for row in rows], context=PERSON)
    found = {
        row[0]: CodeProgress(
            unified_no=person, processing_no=row[0], state="none" if row[2] == "removed" else row[2], error=row[3]
        )
        for row, person in zip(rows, people, strict=True)
    }
    return tuple(found[number] for number in processing_nos if number in found)


def inquiry_states(room: Inside, record_ids: Sequence[str]) -> tuple[MidStatus, ...]:
    """States in the order asked; unknown ids are left out."""
    found = {
        record_id: MidStatus(
            record_id=record_id,
            state=state,
            detail_status=_GOOD[0] if outcome == "found" else "",
            information_status=_GOOD[1] if outcome == "found" else "",
            reason=reason,
        )
        for record_id, state, outcome, reason in room.rows(
            "SELECT record_id, state, outcome, reason FROM inquiry WHERE record_id = ANY(%s)", [list(record_ids)]
        )
    }
    return tuple(found[record_id] for record_id in record_ids if record_id in found)


def results(room: Inside, *, after: int, limit: int) -> tuple[tuple[MidResult, ...], int, list[bytes]]:
    """Results after a number, the highest number that exists, and whom the results concern."""
    last = room.last("result")
    rows = room.rows(_RESULTS, [after, limit])
    facts = open_values(room, [row[2] for row in rows], context=INQUIRY)
    answered = {row[0]: row[8] for row in rows if row[8] is not None}
    texts = dict(zip(answered, open_texts(room, answered.values(), context=ANSWER), strict=True))
    found = tuple(
        MidResult(
            sequence=row[0],
            record_id=row[1],
            unified_no=fact["person"],
            outcome=row[3],
            reason=row[4],
            provider=row[5],
            information_code=row[6],
            answered_at=row[7].astimezone(_ZONE),
            records=Answer.model_validate_json(texts[row[0]]).records if row[0] in texts else (),
        )
        for row, fact in zip(rows, facts, strict=True)
    )
    return found, last, [bytes(row[9]) for row in rows]


def waiting(room: Inside, *, after: int, limit: int) -> tuple[tuple[ProvisionWaiting, ...], int, list[bytes]]:
    """Provision requests that wait for a person, the highest number that exists, and whom they concern."""
    last = room.last("waiting")
    rows = room.rows(_WAITING, [after, limit])
    found = tuple(
        ProvisionWaiting(
            sequence=row[0],
            provision_id=provision_id_of(row[1]),
            unified_no=sealed[0],
            requester=row[3],
            procedure_code=row[4],
            information_code=row[5],
            asked_at=row[6].astimezone(_ZONE),
            why=row[7],
        )
        for row, sealed in zip(rows, open_values(room, [row[2] for row in rows], context=PROVISION), strict=True)
    )
    return found, last, [bytes(row[8]) for row in rows]


def records(
    room: Inside, *, unified_no: str | None, date_from: date, date_to: date, after: int, limit: int
) -> tuple[tuple[ProvisionRecord, ...], bool, list[bytes]]:
    """情報提供等記録 of a period (end-exclusive, by the day asked), whether there are more, and whom they concern."""
    person = person_keys(room, [unified_no])[0] if unified_no else None
    rows = room.rows(_RECORDS, [after, _midnight(date_from), _midnight(date_to), person, person, limit + 1])
    shown = rows[:limit]
    people = open_texts(room, [row[3] for row in shown], context=PERSON)
    found = tuple(_record(row, number) for row, number in zip(shown, people, strict=True))
    return found, len(rows) > limit, [bytes(row[13]) for row in shown if row[13] is not None]


def _record(row: tuple[Any, ...], unified_no: str) -> ProvisionRecord:
    return ProvisionRecord(
        sequence=row[0],
        side=row[1],
        permit_id=row[2],
        unified_no=unified_no,
        requester=row[4],
        provider=row[5],
        procedure_code=row[6],
        information_code=row[7],
        asked_at=row[8].astimezone(_ZONE),
        provided_at=row[9].astimezone(_ZONE) if row[9] else None,
        outcome=row[10],
        items=tuple(json.loads(row[11])),
        undisclosed=row[12],
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)
