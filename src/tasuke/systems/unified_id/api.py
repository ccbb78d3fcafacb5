"""What 団体内統合宛名 offers to other systems. Scopes decide who may call what; no handler reads the clock."""

from itertools import starmap

from tasuke.contracts.distribution import PUSH, Events, Received
from tasuke.contracts.keys import SEALING_KEYS, SealingKey, SealingKeys
from tasuke.contracts.kit import Caller, Handlers, Message, Refused
from tasuke.contracts.unified import (
    FIND_BY_MY_NUMBER,
    MATCH_MY_NUMBER,
    PENDING_CODES,
    PUT_CODE_PROGRESS,
    REGISTER,
    SHOW_MY_NUMBER,
    TO_ATENA,
    TO_UNIFIED,
    CodeProgressRequest,
    Converted,
    Empty,
    FindReply,
    FindRequest,
    MatchReply,
    MatchRequest,
    MyNumberReply,
    MyNumberRequest,
    PendingCodes,
    PendingCodesRequest,
    RegisterReply,
    RegisterRequest,
    RowError,
    ToAtenaRequest,
    ToUnifiedRequest,
)
from tasuke.platform.audit import Origin, Recorder
from tasuke.platform.crypto.sealed import CannotOpen, seal_for
from tasuke.systems.unified_id import links, queries
from tasuke.systems.unified_id.decide import Facts, Fault, Row
from tasuke.systems.unified_id.models import Traffic
from tasuke.systems.unified_id.my_number import WIRE, MyNumber, keypair, open_batch, open_from_wire
from tasuke.systems.unified_id.services.find_my_number import Asker, NotAsked, find_my_number, match_at_counter
from tasuke.systems.unified_id.services.match_my_number import match_my_number
from tasuke.systems.unified_id.services.put_progress import put_progress
from tasuke.systems.unified_id.services.register_numbers import register_numbers
from tasuke.systems.unified_id.services.show_my_number import NotPermitted, show_my_number
from tasuke.systems.unified_id.services.take_events import take_events

USING = "unified_id"


def _register(request: RegisterRequest, caller: Caller) -> Message:
    rows, faults = _rows(request)
    done = register_numbers(
        using=USING, rows=rows, refused=faults, system=caller.system, source="register", at=caller.at
    )
    errors = tuple(RowError(row=f.row, code=f.code, message=f.message) for f in done.faults)
    return RegisterReply(linked=done.linked, unchanged=done.unchanged, errors=errors)


def _rows(request: RegisterRequest) -> tuple[list[Row], list[Fault]]:
    """The rows with their numbers opened, and those whose seal does not open."""
    rows: list[Row] = []
    faults: list[Fault] = []
    numbers = _batch(request)
    for place, (one, number) in enumerate(zip(request.registrations, numbers, strict=True), start=1):
        link = (request.business_id, one.atena_no)
        try:
            known = open_from_wire(one.my_number_sealed) if one.my_number_sealed else number
        except CannotOpen:
            faults.append(Fault(place, link, "E0002", "封緘された個人番号を開けません"))
            continue
        facts = Facts(one.name, one.birth_date or "", one.sex or "", one.address or "")
        rows.append(Row(place, link, facts, resident=one.resident, removed=one.removed, number=known))
    return rows, faults


def _batch(request: RegisterRequest) -> list[MyNumber | None]:
    rows = len(request.registrations)
    if request.batch_sealed is None:
        return [None] * rows
    try:
        return open_batch(request.batch_sealed, rows=rows)
    except CannotOpen:
        raise Refused("封緘された個人番号のまとまりを開けないか、件数が行と合いません") from None


def _to_unified(request: ToUnifiedRequest, caller: Caller) -> Message:
    found = queries.to_unified(request.business_id, request.atena_nos, using=USING)
    _note(caller, "to-unified", request.business_id, len(found), sum(pair is not None for pair in found))
    return Converted.model_validate(
        {
            "numbers": [pair and pair[0] for pair in found],
            "code_states": [pair[1] if pair else "none" for pair in found],
        }
    )


def _to_atena(request: ToAtenaRequest, caller: Caller) -> Message:
    found = queries.to_atena(request.business_id, request.unified_nos, using=USING)
    _note(caller, "to-atena", request.business_id, len(found), sum(no is not None for no in found))
    return Converted(numbers=tuple(found))


def _show(request: MyNumberRequest, caller: Caller) -> Message:
    audit = Recorder(Origin(request.personal_id, at=caller.at, action="show-my-number", screen=f"api:{caller.system}"))
    try:
        number = show_my_number(
            using=USING,
            business_id=request.business_id,
            atena_no=request.atena_no,
            personal_id=request.personal_id,
            purpose=request.purpose,
            audit=audit,
            at=caller.at,
        )
    except NotPermitted as refused:  # an answer, not an error: a refusal would undo its own row of the trail
        audit.flush(USING)
        return MyNumberReply(my_number_sealed=None, refused=str(refused))
    audit.flush(USING)
    if number is None:
        return MyNumberReply(my_number_sealed=None)
    jwk = request.reply_jwk or links.sealing_jwk_of(caller.system)
    try:
        return MyNumberReply(my_number_sealed=seal_for(jwk, number.reveal().encode("ascii"), context=WIRE))
    except ValueError:
        raise Refused("返事を封緘する鍵が使えません") from None


def _match(request: MatchRequest, caller: Caller) -> Message:
    number = _opened(request.my_number_sealed)
    if not request.personal_id:
        match = match_my_number(using=USING, atena_no=request.atena_no, number=number)
        _note(caller, "match", "", 1, int(match.matches))
        return MatchReply(known=match.known, matches=match.matches)
    asker = Asker(caller.system, request.personal_id, request.purpose, caller.at)
    audit = _trail(asker, "match-my-number")
    try:
        match = match_at_counter(using=USING, atena_no=request.atena_no, number=number, asker=asker, audit=audit)
    except NotAsked as refused:  # an answer, not an error: a refusal would undo its own row of the trail
        audit.flush(USING)
        return MatchReply(known=False, matches=False, refused=str(refused))
    audit.flush(USING)
    _note(caller, "match", "", 1, int(match.matches))
    return MatchReply(known=match.known, matches=match.matches)


def _find(request: FindRequest, caller: Caller) -> Message:
    number = _opened(request.my_number_sealed)
    asker = Asker(caller.system, request.personal_id, request.purpose, caller.at)
    audit = _trail(asker, "find-by-my-number")
    try:
        found = find_my_number(using=USING, business_id=request.business_id, number=number, asker=asker, audit=audit)
    except NotAsked as refused:
        audit.flush(USING)
        return FindReply(refused=str(refused))
    audit.flush(USING)
    _note(caller, "find", request.business_id, 1, len(found))
    return FindReply(atena_nos=found)


def _opened(sealed: str) -> MyNumber:
    try:
        return open_from_wire(sealed)
    except CannotOpen:
        raise Refused("封緘された個人番号を開けません") from None


def _trail(asker: Asker, action: str) -> Recorder:
    screen = f"api:{asker.system}"
    return Recorder(Origin(asker.personal_id, at=asker.at, action=action, screen=screen, purpose=asker.purpose))


def _pending(request: PendingCodesRequest, caller: Caller) -> Message:
    return PendingCodes(
        unified_nos=tuple(queries.pending_codes(request.limit, using=USING)),
        removed=tuple(queries.ended_untold(request.limit, using=USING)),
    )


def _progress(request: CodeProgressRequest, caller: Caller) -> Message:
    put_progress(using=USING, changed=request.changed, removed=request.removed, at=caller.at)
    return Empty()


def _push(request: Events, caller: Caller) -> Message:
    if caller.system != links.RESIDENT:  # 住基 goes before all others: nobody else may speak for it
        raise Refused("住民異動を送れるのは個人基本だけです", status=403)
    taken = take_events(using=USING, provider=caller.system, events=request.events, last=request.last, at=caller.at)
    return Received(applied=taken.applied, missing_from=taken.missing_from)


def _keys(request: Empty, caller: Caller) -> Message:
    return SealingKeys(keys=tuple(starmap(_key, keypair().public_jwks())))


def _key(kid: str, jwk: dict[str, str]) -> SealingKey:
    return SealingKey(kid=kid, jwk=jwk)


def _note(caller: Caller, operation: str, business_id: str, rows: int, done: int) -> None:
    Traffic.objects.using(USING).create(
        at=caller.at, system=caller.system, operation=operation, business_id=business_id[:3], rows=rows, done=done
    )


HANDLERS: Handlers = {
    REGISTER: _register,
    TO_UNIFIED: _to_unified,
    TO_ATENA: _to_atena,
    SHOW_MY_NUMBER: _show,
    MATCH_MY_NUMBER: _match,
    FIND_BY_MY_NUMBER: _find,
    PENDING_CODES: _pending,
    PUT_CODE_PROGRESS: _progress,
    PUSH: _push,
    SEALING_KEYS: _keys,
}
