"""Somebody asks about our people, with a permit: answer from the replica, or leave it to a person.

Checked here again, whatever core has checked: the permit is for us, has not expired, was not used, and the combination
stands on our own copy of the permission list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tasuke.contracts.interface import Record
from tasuke.contracts.mediation import (
    Answer,
    Condition,
    Permitted,
    PermittedBatch,
    Provided,
    ProvidedBatch,
    answer_context,
    condition_context,
)
from tasuke.platform.crypto.sealed import CannotOpen, open_with, seal_for
from tasuke.systems.midserver.directory import Directory
from tasuke.systems.midserver.flags import Flagged, flags_of
from tasuke.systems.midserver.mail.outbox import post
from tasuke.systems.midserver.mail.recording import Fact, keep_until, record
from tasuke.systems.midserver.master import PermissionList
from tasuke.systems.midserver.replicas import Wanted, find_replicas
from tasuke.systems.midserver.safe import PERSON, PROVISION, code_keys, item_names, open_texts, seal_values
from tasuke.systems.midserver.tenancy import Inside

MANUAL = "自動応答不可"
NO_KEY = "照会者の公開鍵がありません"


@dataclass(frozen=True, slots=True)
class Request:
    """A permitted request with what we know about it. person: (key, 統合宛名番号), None: we do not know the 符号."""

    item: Permitted
    person: tuple[bytes, str] | None
    period: tuple[date | None, date | None]

    @property
    def permit_id(self) -> str:
        """Its permit."""
        return self.item.permit.permit_id


@dataclass(frozen=True, slots=True)
class Given:
    """What is answered to a request."""

    request: Request
    outcome: str
    records: tuple[Record, ...]
    undisclosed: bool


def provide(
    room: Inside, letter: PermittedBatch, *, permissions: PermissionList, keys: Directory, years: int, at: datetime
) -> dict[str, int]:
    """Answer, or keep waiting, each request of a letter. years: how long records are kept."""
    refused: dict[str, str] = {}
    lawful = _lawful(room, letter, permissions, refused, at)
    requests = _known(room, lawful, refused)
    flags = flags_of(room, [r.person[0] for r in requests if r.person])
    waiting = [r for r in requests if _by_hand(r, flags, keys, at)]
    held = {r.permit_id for r in waiting}
    automatic = [r for r in requests if r.permit_id not in held]
    given = _from_replica(room, automatic, flags)
    _store_waiting(room, waiting, flags, keys, at)
    _store_answered(room, given, at)
    send_answers(room, given, keys=keys, years=years, at=at)
    _store_refused(room, refused, at)
    return {
        "provided_automatically": len(given),
        "provisions_waiting": len(waiting),
        "permits_refused": len(refused),
    }


def send_answers(room: Inside, given: list[Given], *, keys: Directory, years: int, at: datetime) -> None:
    """Seal each answer to who asked, put them into one letter, and write the records of 番号法23条."""
    if not given:
        return
    items = []
    for one in given:
        permit = one.request.item.permit
        sealed = ""
        if one.outcome == "found":
            recipient = keys.sealing_key(permit.requester, at)
            if recipient is None:
                raise LookupError(NO_KEY)
            sealed = seal_for(
                {**recipient.jwk, "kid": recipient.kid},
                Answer(records=one.records).model_dump_json().encode(),
                context=answer_context(permit_id=permit.permit_id),
            )
        items.append(
            Provided(
                permit_id=permit.permit_id,
                outcome=one.outcome,  # type: ignore[arg-type]
                answer_sealed=sealed,
                item_names=item_names(one.records),
                provided_at=at,
                undisclosed=one.undisclosed,
            )
        )
    post(room, ProvidedBatch(items=tuple(items)), at=at)
    record(room, [_fact(one, at) for one in given], at=at, until=keep_until(at, years))


def _lawful(
    room: Inside, letter: PermittedBatch, permissions: PermissionList, refused: dict[str, str], at: datetime
) -> list[Permitted]:
    """Requests whose permit may be used. The others go to `refused`: permit → why."""
    ids = [item.permit.permit_id for item in letter.items]
    used = {row[0] for row in room.rows("SELECT permit_id FROM provision WHERE permit_id = ANY(%s)", [ids])}
    good = []
    for item in letter.items:
        permit = item.permit
        why = ""
        if permit.permit_id in used:
            why = "許可証は既に使われています"
        elif permit.provider != room.body:
            why = "許可証は他の機関あてです"
        elif not permit.issued_at < permit.expires_at or at >= permit.expires_at:
            why = "許可証の有効期限が過ぎています"
        else:
            why = permissions.why_not(
                requester=permit.requester,
                provider=permit.provider,
                procedure=permit.procedure_code,
                information=permit.information_code,
                year=item.year,
                at=at,
            )
        if why:
            refused[permit.permit_id] = why
        else:
            used.add(permit.permit_id)
            good.append(item)
    return good


def _known(room: Inside, items: list[Permitted], refused: dict[str, str]) -> list[Request]:
    """Who stands behind each 符号, and for what period is asked."""
    keys = code_keys(room, [item.code for item in items])
    found = room.rows(
        "SELECT code_key, person_key, person_sealed FROM linkage_code WHERE code_key = ANY(%s)", [list(set(keys))]
    )
    numbers = open_texts(room, [row[2] for row in found], context=PERSON)
    people = {bytes(row[0]): (bytes(row[1]), number) for row, number in zip(found, numbers, strict=True)}
    requests = []
    for item, key in zip(items, keys, strict=True):
        try:
            requests.append(Request(item, people.get(key), _period(room, item)))
        except (CannotOpen, ValueError):
            refused[item.permit.permit_id] = "照会条件を復号できません"
    return requests


def _period(room: Inside, item: Permitted) -> tuple[date | None, date | None]:
    if not item.condition_sealed:
        return None, None
    permit = item.permit
    context = condition_context(
        requester=permit.requester,
        provider=permit.provider,
        procedure_code=permit.procedure_code,
        information_code=permit.information_code,
    )
    data = open_with(room.opening_keys, item.condition_sealed, context=context)
    condition = Condition.model_validate_json(data)
    return condition.valid_from, condition.valid_to


def _by_hand(request: Request, flags: Flagged, keys: Directory, at: datetime) -> bool:
    permit = request.item.permit
    if request.person is None:
        return False
    manual = flags.manual(request.person[0], permit.information_code)
    return manual or keys.sealing_key(permit.requester, at) is None


def _from_replica(room: Inside, requests: list[Request], flags: Flagged) -> list[Given]:
    wanted = [
        Wanted(r.person[0], r.item.permit.information_code, r.item.year, *r.period)
        for r in requests
        if r.person is not None
    ]
    found = iter(find_replicas(room, wanted))
    given = []
    for request in requests:
        records = next(found) if request.person is not None else ()
        outcome = "found" if records else "none"
        given.append(Given(request, outcome, records, undisclosed(request, flags)))
    return given


def undisclosed(request: Request, flags: Flagged) -> bool:
    """Marked by who asks, or by our own flag (不開示該当)."""
    own = request.person is not None and flags.undisclosed(request.person[0], request.item.permit.information_code)
    return request.item.undisclosed or own


def _store_waiting(room: Inside, requests: list[Request], flags: Flagged, keys: Directory, at: datetime) -> None:
    if not requests:
        return
    first = room.take("waiting", len(requests))
    columns = _columns(room, requests, [undisclosed(r, flags) for r in requests], at)
    why = [MANUAL if keys.sealing_key(r.item.permit.requester, at) else NO_KEY for r in requests]
    columns["state"] = ("text", ["waiting"] * len(requests))
    columns["why"] = ("text", why)
    columns["waiting_seq"] = ("bigint", list(range(first, first + len(requests))))
    room.insert("provision", columns)


def _store_answered(room: Inside, given: list[Given], at: datetime) -> None:
    if not given:
        return
    columns = _columns(room, [one.request for one in given], [one.undisclosed for one in given], at)
    columns["state"] = ("text", ["answered"] * len(given))
    columns["outcome"] = ("text", [one.outcome for one in given])
    columns["answered_at"] = ("timestamptz", [at] * len(given))
    columns["answered_by"] = ("text", ["自動応答"] * len(given))
    room.insert("provision", columns)


def _columns(
    room: Inside, requests: list[Request], marks: list[bool], at: datetime
) -> dict[str, tuple[str, Sequence[object]]]:
    """What every provision row has. The whole request is sealed: a manual answer is made from it later."""
    permits = [r.item.permit for r in requests]
    sealed = [[r.person[1] if r.person else "", r.item.model_dump_json(), *_texts(r.period)] for r in requests]
    return {
        "permit_id": ("text", [p.permit_id for p in permits]),
        "person_key": ("bytea", [r.person[0] if r.person else None for r in requests]),
        "sealed": ("bytea", list(seal_values(room, sealed, context=PROVISION))),
        "requester": ("text", [p.requester for p in permits]),
        "procedure_code": ("text", [p.procedure_code for p in permits]),
        "information_code": ("text", [p.information_code for p in permits]),
        "asked_at": ("timestamptz", [p.issued_at for p in permits]),
        "expires_at": ("timestamptz", [p.expires_at for p in permits]),
        "received_at": ("timestamptz", [at] * len(permits)),
        "undisclosed": ("boolean", list(marks)),
    }


def _store_refused(room: Inside, refused: dict[str, str], at: datetime) -> None:
    if refused:
        room.insert(
            "refusal",
            {
                "at": ("timestamptz", [at] * len(refused)),
                "what": ("text", ["permit"] * len(refused)),
                "message_id": ("text", list(refused)),
                "code": ("text", ["permit"] * len(refused)),
                "reason": ("text", list(refused.values())),
            },
        )


def _fact(one: Given, at: datetime) -> Fact:
    permit = one.request.item.permit
    return Fact(
        side="provider",
        permit_id=permit.permit_id,
        person=one.request.person,
        requester=permit.requester,
        provider=permit.provider,
        procedure_code=permit.procedure_code,
        information_code=permit.information_code,
        asked_at=permit.issued_at,
        provided_at=at,
        outcome=one.outcome,
        items=item_names(one.records),
        undisclosed=one.undisclosed,
    )


def _texts(days: Iterable[date | None]) -> list[str | None]:
    return [day.isoformat() if day else None for day in days]
