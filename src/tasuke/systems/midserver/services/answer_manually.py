"""手動回答: an official sends what was asked for, or withholds it, and says why."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from tasuke.contracts.interface import Record
from tasuke.contracts.kit import Refused
from tasuke.contracts.mediation import Permitted
from tasuke.systems.midserver.directory import Directory
from tasuke.systems.midserver.flags import flags_of
from tasuke.systems.midserver.mail.providing import NO_KEY, Given, Request, send_answers, undisclosed
from tasuke.systems.midserver.replicas import Wanted, find_replicas
from tasuke.systems.midserver.safe import PROVISION, REASON, open_values, seal_texts
from tasuke.systems.midserver.tenancy import Inside


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for a person."""

    number: int
    person_key: bytes
    unified_no: str
    why: str
    request: Request


def answer_manually(
    room: Inside,
    *,
    provision_id: str,
    send: bool,
    reason: str,
    records: tuple[Record, ...] | None,
    by: str,
    keys: Directory,
    record_years: int,
    at: datetime,
) -> bytes:
    """Answer once; gives the person's key. records None: what the replica holds.

    Raises Refused: no such request, answered already, its permit has expired, or the asker has no key.
    """
    found = waiting_request(room, provision_id)
    if found is None:
        raise Refused("回答を待っている提供の求めではありません(回答済みか、ありません)", status=409)
    request, person_key = found.request, found.person_key
    permit = request.item.permit
    if at >= permit.expires_at:
        raise Refused("許可証の有効期限が過ぎています。提供できません", status=409)
    if keys.sealing_key(permit.requester, at) is None:
        raise Refused(NO_KEY, status=409)
    outcome, given = "withheld", tuple[Record, ...]()
    if send:
        wanted = Wanted(person_key, permit.information_code, request.item.year, *request.period)
        given = records if records is not None else find_replicas(room, [wanted])[0]
        outcome = "found" if given else "none"
    hidden = undisclosed(request, flags_of(room, [person_key]))
    room.cursor.execute(
        "UPDATE provision SET state = 'answered', outcome = %s, answered_at = %s, answered_by = %s, undisclosed = %s,"
        " reason_sealed = %s WHERE id = %s",
        [outcome, at, by, hidden, seal_texts(room, [reason], context=REASON)[0], found.number],
    )
    send_answers(room, [Given(request, outcome, given, hidden)], keys=keys, years=record_years, at=at)
    return person_key


def provision_id_of(number: int) -> str:
    """How a request that waits is named towards the municipality."""
    return f"V{number:013d}"


def waiting_request(room: Inside, provision_id: str) -> Waiting | None:
    """A request that waits, locked until the transaction ends; None when it does not wait (any more)."""
    if re.fullmatch(r"V[0-9]{13}", provision_id) is None:
        return None
    rows = room.rows(
        "SELECT id, person_key, sealed, why FROM provision WHERE id = %s AND state = 'waiting' FOR UPDATE",
        [int(provision_id[1:])],
    )
    if not rows:
        return None
    number, person_key, sealed, why = rows[0]
    unified_no, item, start, end = open_values(room, [sealed], context=PROVISION)[0]
    person = bytes(person_key), unified_no
    request = Request(Permitted.model_validate_json(item), person, (_day(start), _day(end)))
    return Waiting(number, person[0], unified_no, why, request)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
