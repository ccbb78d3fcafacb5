"""Answers to our own inquiries arrive: opened, kept under the municipality's key, and recorded on our side."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from tasuke.contracts.mediation import Answer, Outcome, OutcomeBatch, answer_context
from tasuke.platform.crypto.sealed import CannotOpen, open_with
from tasuke.systems.midserver.mail.asking import inquiry_id
from tasuke.systems.midserver.mail.recording import Fact, keep_until, record
from tasuke.systems.midserver.safe import ANSWER, INQUIRY, open_values, seal_texts
from tasuke.systems.midserver.tenancy import Inside

_OPEN = """
SELECT id, person_key, sealed, procedure_code, information_code, provider, sent_at, undisclosed
FROM inquiry WHERE id = ANY(%s) AND state = 'sent' FOR UPDATE
"""
_SETTLE = """
UPDATE inquiry SET state = CASE n.outcome WHEN 'refused' THEN 'refused' ELSE 'answered' END, outcome = n.outcome,
    reason = n.reason, permit_id = n.permit_id, answer_sealed = n.answer, result_seq = n.seq, settled_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::bigint[])
    AS n (id, outcome, reason, permit_id, answer, seq)
WHERE inquiry.id = n.id
"""
_WORDS = {"none": "照会先に該当する情報がありません", "withheld": "照会先が提供しませんでした"}
# Why the national side put an inquiry not through (its codes), in words for a clerk. Not told: `no-code-at-provider`.
# Whether another body has ever had a 符号 of a person says where that person has lived; it is "none" like any other.
_REASONS = {
    "unknown-code": "国の側がこの符号を知りません",
    "permit-expired": "照会先が期限までに回答しませんでした",
}


def take_outcomes(room: Inside, letter: OutcomeBatch, *, years: int, at: datetime) -> dict[str, int]:
    """Settle the inquiries of a letter. An outcome for nothing that we wait for is refused and put on record."""
    by_id = {inquiry_id(item.request_id): item for item in letter.items}
    rows = room.rows(_OPEN, [[number for number in by_id if number is not None]])
    settled = {row[0]: _read(room, by_id[row[0]]) for row in rows}
    _settle(room, rows, by_id, settled, at)
    facts = open_values(room, [row[2] for row in rows], context=INQUIRY)
    record(
        room,
        [
            _fact(room, row, by_id[row[0]], settled[row[0]][0], fact["person"])
            for row, fact in zip(rows, facts, strict=True)
            if by_id[row[0]].permit_id
        ],
        at=at,
        until=keep_until(at, years),
    )
    strangers = [item for number, item in by_id.items() if number not in settled]
    unread = [by_id[number] for number, (outcome, _, _) in settled.items() if outcome != by_id[number].outcome]
    _refuse(room, strangers, "待っていない照会への回答です", at)
    _refuse(room, unread, "回答を復号できません", at)
    return {"answers_received": len(settled), "answers_refused": len(strangers) + len(unread)}


def _read(room: Inside, item: Outcome) -> tuple[str, str, str]:
    """Outcome, reason in words, and the records as JSON text (empty: none)."""
    if item.outcome != "found":
        words = _WORDS.get(item.outcome) or f"国の側が照会を認めませんでした({item.reason or '理由なし'})"
        return item.outcome, _REASONS.get(item.reason, words), ""
    try:
        data = open_with(room.opening_keys, item.answer_sealed, context=answer_context(permit_id=item.permit_id))
        answer = Answer.model_validate_json(data)
    except (CannotOpen, ValidationError):
        return "refused", "回答を復号できません。照会先に確かめてから、もう一度照会してください", ""
    return "found", item.reason, answer.model_dump_json()


def _settle(
    room: Inside,
    rows: list[tuple[Any, ...]],
    by_id: dict[int | None, Outcome],
    settled: dict[int, tuple[str, str, str]],
    at: datetime,
) -> None:
    if not rows:
        return
    ids = [row[0] for row in rows]
    first = room.take("result", len(ids))
    sealed = seal_texts(room, [settled[number][2] for number in ids], context=ANSWER)
    room.cursor.execute(
        _SETTLE,
        [
            at,
            ids,
            [settled[number][0] for number in ids],
            [settled[number][1] for number in ids],
            [by_id[number].permit_id or None for number in ids],
            [blob if settled[number][2] else None for number, blob in zip(ids, sealed, strict=True)],
            list(range(first, first + len(ids))),
        ],
    )


def _fact(room: Inside, row: tuple[Any, ...], item: Outcome, outcome: str, unified_no: str) -> Fact:
    return Fact(
        side="requester",
        permit_id=item.permit_id,
        person=(bytes(row[1]), unified_no),
        requester=room.body,
        provider=row[5],
        procedure_code=row[3],
        information_code=row[4],
        asked_at=row[6],
        provided_at=item.provided_at,
        outcome=outcome,
        items=item.item_names,
        undisclosed=item.undisclosed or row[7],
    )


def _refuse(room: Inside, items: list[Outcome], reason: str, at: datetime) -> None:
    if items:
        room.insert(
            "refusal",
            {
                "at": ("timestamptz", [at] * len(items)),
                "what": ("text", ["outcome"] * len(items)),
                "message_id": ("text", [item.permit_id or item.request_id for item in items]),
                "code": ("text", ["outcome"] * len(items)),
                "reason": ("text", [reason] * len(items)),
            },
        )
