"""Give a 住登外者 a 宛名番号 (0310001), take over one that exists, and keep what changes afterwards."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from tasuke.core.text import search_key
from tasuke.systems.welfare.intake import NewState, store_states, tell_number
from tasuke.systems.welfare.models import IssuedNumber, PersonState
from tasuke.systems.welfare.numbering import next_number
from tasuke.systems.welfare.publishing import publishing
from tasuke.systems.welfare.queries import current_state

_REGISTERED = "12"  # 異動事由 住登外登録
_REMOVED = "11"  # 異動事由 職権消除
_NONRESIDENT, _GONE = "8", "9"


class CannotIssue(ValueError):
    """Why no number is given. code: E0001 missing, E0004 contradiction; field: of the request."""

    def __init__(self, message: str, *, code: str = "E0004", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


@dataclass(frozen=True, slots=True)
class Facts:
    """4 information of a 住登外者. birth_text: when the day is not wholly known."""

    name: str
    sex: str
    birth_date: date | None
    address: str
    municipality_code: str
    name_kana: str = ""
    birth_text: str = ""
    postal_code: str = ""
    protection: bool = False


def issue_nonresident(
    *,
    using: str,
    facts: Facts,
    business_id: str,
    by: str,
    on: date,
    at: datetime,
    atena_no: str = "",
    hidden: bool = False,
    same_person_checked: bool = False,
    my_number_sealed: str = "",
) -> IssuedNumber:
    """Give a number. atena_no: one that exists (a former resident keeps his own, 住民番号引継) instead of a new one.

    same_person_checked: a person has looked at those with the same 4 information and wants a new number all the same.
    my_number_sealed: JWE to 団体内統合宛名, handed on to it; nobody here can open it.
    Raises CannotIssue: facts that are missing or contradict, a resident, somebody who is here already.
    """
    _check(facts, on)
    with publishing(using=using, at=at):
        if atena_no:
            known = current_state(using=using, atena_no=atena_no)
            if known is None:
                raise CannotIssue("この宛名番号の人はいません", field="atenabango")
            if known.items.get("resident_status") == "1":
                raise CannotIssue("この宛名番号の人は住民です。住登外者にはできません", field="atenabango")
            issued = IssuedNumber.objects.using(using).select_for_update().filter(atena_no=atena_no).first()
            if issued is not None and issued.kind != IssuedNumber.Kind.PERSON:
                raise CannotIssue("この宛名番号は法人のものです", field="atenabango")
            number = atena_no
        else:
            if not same_person_checked and _is_here(using, facts):
                raise CannotIssue("4情報が同じ人がいます。候補から選んでください", field="shorikubun")
            issued, number = None, next_number(using=using)
        if issued is None:
            issued = IssuedNumber(
                atena_no=number, kind=IssuedNumber.Kind.PERSON, taken_over=bool(atena_no), issued_by=by, issued_at=at
            )
            issued.business_id, issued.hidden = business_id, hidden
        else:
            issued.revisions += 1
            issued.ended_on, issued.ended_reason, issued.resident_atena_no = None, "", ""
        issued.save(using=using)
        _store(using, number, facts, _REGISTERED, _NONRESIDENT, by=by, on=on, at=at, sealed=my_number_sealed)
    return issued


def revise_nonresident(
    *, using: str, atena_no: str, facts: Facts, revision: int, by: str, on: date, at: datetime
) -> IssuedNumber:
    """Keep changed 4 information. revision: the one that the clerk saw; somebody else's work in between is not lost.

    Raises CannotIssue.
    """
    _check(facts, on)
    with publishing(using=using, at=at):
        issued = _open_number(using, atena_no)
        if issued.revisions != revision:
            raise CannotIssue("ほかの職員が先に変更しました。内容を確かめてやり直してください")
        issued.revisions += 1
        issued.save(using=using, update_fields=["revisions"])
        _store(using, atena_no, facts, _REGISTERED, _NONRESIDENT, by=by, on=on, at=at)
    return issued


def end_nonresident(
    *, using: str, atena_no: str, resident_atena_no: str, reason: str, by: str, on: date, at: datetime
) -> IssuedNumber:
    """End the 住登外 side; its history stays. resident_atena_no: the resident that the person has become, or "".

    Raises CannotIssue: no such number in use, no reason, somebody who is no resident.
    """
    if not reason.strip():
        raise CannotIssue("理由を書いてください", code="E0001")
    with publishing(using=using, at=at):
        issued = _open_number(using, atena_no)
        if resident_atena_no:
            resident = current_state(using=using, atena_no=resident_atena_no)
            if resident is None or resident.items.get("resident_status") != "1" or resident_atena_no == atena_no:
                raise CannotIssue("住民の宛名番号ではありません", field="resident_atena_no")
        state = current_state(using=using, atena_no=atena_no)
        assert state is not None  # a number is never given without a state
        items = {**state.items, "resident_status": _GONE, "removed_on": on.isoformat()}
        issued.ended_on, issued.ended_reason, issued.resident_atena_no = on, reason.strip()[:200], resident_atena_no
        issued.revisions += 1
        issued.save(using=using)
        new = NewState(str(uuid4()), PersonState.Source.NONRESIDENT, atena_no, on, state.place, _REMOVED, items)
        store_states(using=using, states=[new], at=at, by=by)
        tell_number(using=using, persons=[atena_no], removed=True, at=at)
    return issued


def _open_number(using: str, atena_no: str) -> IssuedNumber:
    issued = (
        IssuedNumber.objects.using(using)
        .select_for_update()
        .filter(atena_no=atena_no, kind=IssuedNumber.Kind.PERSON, ended_on__isnull=True)
        .first()
    )
    if issued is None:
        raise CannotIssue("使われている住登外者の宛名番号ではありません", field="atenabango")
    return issued


def _check(facts: Facts, on: date) -> None:
    for value, label, field in (
        (facts.name, "氏名", "four_info.shimei"),
        (facts.sex, "性別", "four_info.seibetsu"),
        (facts.address, "住所", "four_info.jusho"),
    ):
        if not value.strip():
            raise CannotIssue(f"{label}がありません", code="E0001", field=field)
    if facts.birth_date is None and not facts.birth_text.strip():
        raise CannotIssue("生年月日がありません", code="E0001", field="four_info.seinengappi")
    if facts.birth_date is not None and facts.birth_date > on:
        raise CannotIssue("生年月日が先の日付です", field="four_info.seinengappi")


def _is_here(using: str, facts: Facts) -> bool:
    """Whether somebody with the same 4 information is among the states, of today or before."""
    found = PersonState.objects.using(using).filter(
        name_key=search_key(facts.name),
        birth_date=facts.birth_date,
        sex=facts.sex,
        address_key=search_key(facts.address),
    )
    return found.exists()


def _store(
    using: str,
    atena_no: str,
    facts: Facts,
    event_code: str,
    status: str,
    *,
    by: str,
    on: date,
    at: datetime,
    sealed: str = "",
) -> None:
    before = current_state(using=using, atena_no=atena_no)
    items = {
        "household_no": atena_no,  # 住登外者 have no household of the register
        "resident_type": (before.items.get("resident_type") if before else None) or "1",
        "resident_status": status,
        "name": facts.name,
        "name_kana": facts.name_kana,
        "sex": facts.sex,
        "birth_date": facts.birth_date.isoformat() if facts.birth_date else None,
        "birth_text": facts.birth_text,
        "postal_code": facts.postal_code,
        "municipality_code": facts.municipality_code,
        "address": facts.address,
        "protection": facts.protection,
    }
    place = before.place if before else 0
    state = NewState(str(uuid4()), PersonState.Source.NONRESIDENT, atena_no, on, place, event_code, items)
    store_states(using=using, states=[state], at=at, by=by)
    tell_number(using=using, persons=[atena_no], removed=False, at=at, sealed=sealed)
