"""What 社会保障宛名 offers: residents' events in, changes out, numbers for 住登外者, and a search."""

from datetime import timedelta, timezone
from hashlib import sha256

from tasuke.contracts.distribution import PUSH, Events, Received
from tasuke.contracts.kit import Caller, ContractError, Handlers, Refused
from tasuke.contracts.welfare import (
    ASSIGN_NONRESIDENT,
    CHANGES,
    SEARCH_PERSONS,
    Candidate,
    Candidates,
    Changes,
    ChangesRequest,
    FourInfo,
    NonresidentReply,
    NonresidentRequest,
    SearchRequest,
    WelfareChange,
)
from tasuke.core.numbers import NumberKind, check_number
from tasuke.platform.audit import Origin, Recorder
from tasuke.systems.welfare.links import RESIDENT
from tasuke.systems.welfare.models import Delivery, DeliveryRecord, PersonState, Subscriber
from tasuke.systems.welfare.queries import subscriber_in_force
from tasuke.systems.welfare.search import Criteria, Hit, search
from tasuke.systems.welfare.services.issue_nonresident import CannotIssue, Facts, issue_nonresident
from tasuke.systems.welfare.services.merge_numbers import CannotMerge, merge_numbers
from tasuke.systems.welfare.services.take_events import take_events

USING = "welfare"
_JST = timezone(timedelta(hours=9))
_EXISTING = ("1", "2")  # 処理区分: a number that exists, one of the candidates


def _push(request: Events, caller: Caller) -> Received:
    if caller.system != RESIDENT:
        raise Refused("住民異動を送れるのは個人基本だけです", status=403)
    taken = take_events(using=USING, events=request.events, last=request.last, at=caller.at)
    return Received(applied=taken.applied, missing_from=taken.missing_from)


def _changes(request: ChangesRequest, caller: Caller) -> Changes:
    subscriber = (
        Subscriber.objects.using(USING)
        .select_for_update()
        .filter(system=caller.system, state=Subscriber.State.APPROVED)
        .first()
    )
    if subscriber is None:
        raise Refused("承認された利用がありません", status=403)
    if request.after > subscriber.last_sequence:
        raise Refused("受領した連番が配信した範囲にありません")
    if request.after == subscriber.last_sequence == subscriber.confirmed:
        return Changes(changes=(), last=subscriber.last_sequence)
    rows = (
        Delivery.objects.using(USING)
        .select_related("change")
        .filter(subscriber=subscriber, sequence__gt=request.after)
        .order_by("sequence")[: request.limit]
    )
    changes = tuple(
        WelfareChange.model_validate(
            {
                "sequence": row.sequence,
                "kind": row.change.kind,
                "atena_no": row.change.atena_no,
                "valid_from": row.change.valid_from,
                "recorded_at": row.change.recorded_at,
                "items": row.change.items,
            }
        )
        for row in rows
    )
    # who asks for what comes after a number has everything up to it
    if changes or request.after > subscriber.confirmed:
        subscriber.confirmed, subscriber.delivered_at = max(subscriber.confirmed, request.after), caller.at
        subscriber.save(update_fields=["confirmed", "delivered_at"])
    if changes:
        persons = "\n".join(sorted({change.atena_no for change in changes}))
        DeliveryRecord.objects.using(USING).create(
            subscriber=subscriber,
            at=caller.at,
            first_sequence=changes[0].sequence,
            last_sequence=changes[-1].sequence,
            changes=len(changes),
            persons_sha256=sha256(persons.encode()).digest(),
        )
    return Changes(changes=changes, last=subscriber.last_sequence)


def _assign(request: NonresidentRequest, caller: Caller) -> NonresidentReply:
    today = caller.at.astimezone(_JST).date()
    _check(request)
    four = request.four_info
    facts = Facts(
        name=four.shimei,
        name_kana=four.shimei_furigana or "",
        sex=four.seibetsu,
        birth_date=four.seinengappi,
        birth_text=four.seinengappi_fushohyoki or "",
        address=four.jusho,
        postal_code=four.yubinbango or "",
        municipality_code=request.shikuchosonkodo,
    )
    try:
        issued = issue_nonresident(
            using=USING,
            facts=facts,
            business_id=request.gyomuid,
            by=request.sosashaid,
            on=today,
            at=caller.at,
            atena_no=(request.atenabango or "") if request.shorikubun in _EXISTING else "",
            hidden=request.tagyomusanshofukafuragu == "1",
            my_number_sealed=request.kojinbango_sealed or "",
        )
        if request.nayosemotofuragu == "1" and request.nayosesakiatenabango:
            merge_numbers(
                using=USING,
                atena_no=issued.atena_no,
                into=request.nayosesakiatenabango,
                reason="付番依頼による名寄せ",
                by=request.sosashaid,
                on=today,
                at=caller.at,
            )
    except CannotIssue as error:
        raise _refused(error.code, str(error), error.field) from None
    except CannotMerge as error:
        raise _refused("E0004", str(error), "nayosesakiatenabango") from None
    audit = Recorder(Origin(request.sosashaid, at=caller.at, action="issue-nonresident", screen=f"api:{caller.system}"))
    audit.changed([issued.atena_no], "nonresident")
    audit.flush(USING)
    return NonresidentReply(atenabango=issued.atena_no, rirekibango=issued.revisions, sosanengappi=today)


def _check(request: NonresidentRequest) -> None:
    """What belongs together (E0001 missing, E0004 contradiction); characters and lengths the form has checked."""
    if request.shorikubun in _EXISTING and not request.atenabango:
        raise _refused("E0001", "宛名番号が要ります", "atenabango")
    if request.shorikubun == "0" and request.atenabango:
        raise _refused("E0004", "新しく付番するときは宛名番号を書きません", "atenabango")
    if (request.nayosemotofuragu == "1") != bool(request.nayosesakiatenabango):
        code = "E0001" if request.nayosemotofuragu == "1" else "E0004"
        raise _refused(code, "名寄せ元フラグと名寄せ先宛名番号が合いません", "nayosesakiatenabango")
    if not check_number(NumberKind.MUNICIPALITY, request.shikuchosonkodo).valid:
        raise _refused("E0004", "市区町村コードの検査数字が合いません", "shikuchosonkodo")


def _refused(code: str, message: str, field: str) -> Refused:
    return Refused("付番できません", (ContractError(code=code, message=message, field=field),))


def _search(request: SearchRequest, caller: Caller) -> Candidates:
    criteria = Criteria(
        name=request.shimei or "",
        birth_date=request.seinengappi,
        sex=request.seibetsu or "",
        address=request.jusho or "",
        partial=request.partial,
    )
    if not criteria.says_something:
        raise Refused(
            "検索できません", (ContractError(code="E0001", message="氏名、生年月日、住所のどれかが要ります"),)
        )
    subscriber = subscriber_in_force(using=USING, system=caller.system)
    hits, more = search(
        using=USING,
        criteria=criteria,
        business_id=subscriber.business_id if subscriber else "",
        limit=request.limit,
    )
    audit = Recorder(Origin(caller.system[:20], at=caller.at, action="search-welfare", screen=f"api:{caller.system}"))
    audit.searched("four-info", len(hits), [hit.now.atena_no for hit in hits])
    audit.flush(USING)
    return Candidates(
        candidates=tuple(_candidate(hit) for hit in hits if hit.now.source != PersonState.Source.CORPORATION), more=more
    )


def _candidate(hit: Hit) -> Candidate:
    items = hit.now.items
    return Candidate(
        atenabango=hit.now.atena_no,
        resident=hit.resident,
        current=hit.current,
        protected=hit.protected,
        four_info=FourInfo.model_validate(
            {
                "shimei": items.get("name", "")[:100],
                "shimei_furigana": (items.get("name_kana") or "")[:100] or None,
                "seibetsu": hit.now.sex if hit.now.sex in ("1", "2") else "3",
                "seinengappi": hit.now.birth_date,
                "seinengappi_fushohyoki": (items.get("birth_text") or "")[:72] or None,
                # whoever asks knows that there is an address, and that it is not to be handed on
                "jusho": "" if hit.protected else (items.get("address", "") + items.get("address_detail", ""))[:300],
                "yubinbango": None if hit.protected else _postal(items.get("postal_code")),
            }
        ),
    )


def _postal(value: object) -> str | None:
    text = str(value or "")
    return text if len(text) == 7 and text.isdigit() else None


HANDLERS: Handlers = {
    PUSH: _push,
    CHANGES: _changes,
    ASSIGN_NONRESIDENT: _assign,
    SEARCH_PERSONS: _search,
}
