"""住登外者, 名寄せ, corporations, accounts and mailing addresses."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from tests.systems.welfare.conftest import NOW, TODAY, event, facts, stream, subscribe

from tasuke.contracts.kit import Refused
from tasuke.contracts.welfare import ASSIGN_NONRESIDENT, SEARCH_PERSONS, FourInfo, NonresidentRequest, SearchRequest
from tasuke.core.numbers import NumberKind, atena_check_digit, check_number, corporate_check_digit
from tasuke.platform.transport.links import link_to
from tasuke.systems.welfare.models import Account, IssuedNumber, MailingAddress, Merge, PersonState, Serial
from tasuke.systems.welfare.queries import current_state, may_have_moved_in
from tasuke.systems.welfare.search import Criteria, search
from tasuke.systems.welfare.services.issue_nonresident import (
    CannotIssue,
    end_nonresident,
    issue_nonresident,
    revise_nonresident,
)
from tasuke.systems.welfare.services.merge_numbers import CannotMerge, merge_numbers, unmerge_numbers
from tasuke.systems.welfare.services.register_corporation import CannotRegister, register_corporation
from tasuke.systems.welfare.services.set_payee import CannotSet, set_account, set_mailing_address
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "resident"])
W = "welfare"
ACCOUNT = {
    "bank_code": "0001",
    "branch_code": "001",
    "account_kind": "1",
    "account_no": "1234567",
    "holder_kana": "サトウ　タロウ",
    "public_account": False,
}
MAILING = {
    "relation": "2",
    "addressee": "架空園",
    "postal_code": "0470001",
    "address": "小樽市架空町",
    "reason": "入所",
}


def issue(name="佐藤　太郎", **more):
    given = {"business_id": "900", "by": "S0001", "on": TODAY, "at": NOW, **more}
    return issue_nonresident(using=W, facts=given.pop("facts", facts(name)), **given)


def resident(*events):
    take_events(using=W, events=events or (event(1),), last=len(events) or 1, at=NOW)


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_run_on_with_a_right_check_digit_and_leave_out_remainder_one():
    numbers = [issue(f"人{n}").atena_no for n in range(40)]
    assert numbers == sorted(set(numbers))
    assert all(len(n) == 15 and atena_check_digit(n[:-1]) == int(n[-1]) for n in numbers)
    serials = [int(n[:-1]) for n in numbers]
    left_out = set(range(serials[0], serials[-1])) - set(serials)
    assert left_out
    assert all(atena_check_digit(f"{n:014}") is None for n in left_out)


def test_a_number_that_came_by_migration_is_passed_over():
    first = issue("一").atena_no
    Serial.objects.using(W).update(last=90_000_000)
    following = issue("二").atena_no
    assert first != following


def test_the_same_person_gets_no_second_number_unless_somebody_has_looked():
    issue()
    with pytest.raises(CannotIssue, match="候補"):
        issue("佐藤太郎")  # the same to a search key
    assert issue(same_person_checked=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "E0001"),
        ({"address": ""}, "E0001"),
        ({"sex": ""}, "E0001"),
        ({"birth_date": None}, "E0001"),
        ({"birth_date": date(2026, 6, 11)}, "E0004"),
    ],
)
def test_facts_that_are_missing_or_contradict(changes, code):
    with pytest.raises(CannotIssue) as error:
        issue(facts=facts(**changes))
    assert error.value.code == code
    assert not IssuedNumber.objects.using(W).exists()


def test_a_former_resident_keeps_the_number():
    resident(event(1, on=date(2026, 3, 1), code="04", resident_status="2"))
    issued = issue("髙橋　花子", atena_no="1")
    assert (issued.atena_no, issued.taken_over) == ("1", True)
    assert current_state(using=W, atena_no="1").items["resident_status"] == "8"


def test_a_resident_or_somebody_unknown_is_no_nonresident():
    resident()
    for number in ("1", "999"):
        with pytest.raises(CannotIssue):
            issue(atena_no=number)


def test_two_clerks_at_once_the_second_is_told():
    issued = issue()
    given = {"using": W, "atena_no": issued.atena_no, "revision": 1, "by": "S0002", "on": TODAY, "at": NOW}
    changed = revise_nonresident(facts=facts(address="小樽市新町"), **given)
    assert changed.revisions == 2
    with pytest.raises(CannotIssue, match="先に変更"):
        revise_nonresident(facts=facts(address="小樽市別町"), **given)
    assert current_state(using=W, atena_no=issued.atena_no).items["address"] == "小樽市新町"
    assert PersonState.objects.using(W).count() == 2


def test_ending_a_number_keeps_the_history_and_names_the_resident():
    issued = issue()
    resident(event(1, name="佐藤　太郎", birth_date="1985-03-02", sex="1"))
    ((found, state),) = may_have_moved_in(using=W, on=date(2026, 1, 1), limit=10)
    assert (found.atena_no, state.atena_no) == (issued.atena_no, "1")
    given = {"using": W, "atena_no": issued.atena_no, "by": "S0001", "on": TODAY, "at": NOW}
    with pytest.raises(CannotIssue):
        end_nonresident(resident_atena_no="999", reason="転入", **given)
    with pytest.raises(CannotIssue):
        end_nonresident(resident_atena_no="1", reason=" ", **given)
    ended = end_nonresident(resident_atena_no="1", reason="転入", **given)
    assert (ended.ended_on, ended.resident_atena_no) == (TODAY, "1")
    states = PersonState.objects.using(W).filter(atena_no=issued.atena_no).order_by("id")
    assert [state.items["resident_status"] for state in states] == ["8", "9"]
    assert may_have_moved_in(using=W, on=date(2026, 1, 1), limit=10) == []


# --- 名寄せ -----------------------------------------------------------------------------------------------------------


def merge(one, into, **more):
    given = {"reason": "同一人と確認", "by": "S0001", "on": TODAY, "at": NOW, **more}
    return merge_numbers(using=W, atena_no=one, into=into, **given)


def test_merging_and_unmerging_change_no_number():
    subscribe()
    resident()
    number = issue().atena_no
    made = merge(number, "1")
    assert stream()[-1].items == {"merged_into": "1", "protection": False}
    unmerge_numbers(using=W, merge_id=made.pk, reason="別人だった", by="S0002", on=TODAY, at=NOW)
    assert stream()[-1].items["merged_into"] is None
    assert {s.atena_no for s in PersonState.objects.using(W).all()} == {"1", number}
    assert IssuedNumber.objects.using(W).get().ended_on is None
    merge(number, "1")
    assert Merge.objects.using(W).count() == 2


def test_what_cannot_be_merged():
    resident()
    one, two, three = issue("一").atena_no, issue("二").atena_no, issue("三").atena_no
    for pair in ((one, one), (one, "999"), ("1", one)):
        with pytest.raises(CannotMerge):
            merge(*pair)
    with pytest.raises(CannotMerge):
        merge(one, "1", reason=" ")
    made = merge(one, two)
    for pair in ((one, "1"), (two, "1"), (three, one)):  # merged already; has members; no chains
        with pytest.raises(CannotMerge):
            merge(*pair)
    with pytest.raises(CannotMerge):
        unmerge_numbers(using=W, merge_id=made.pk, reason="", by="S", on=TODAY, at=NOW)
    unmerge_numbers(using=W, merge_id=made.pk, reason="誤り", by="S", on=TODAY, at=NOW)
    with pytest.raises(CannotMerge):
        unmerge_numbers(using=W, merge_id=made.pk, reason="誤り", by="S", on=TODAY, at=NOW)


def test_the_database_allows_one_open_merge():
    for expectation in (None, IntegrityError):
        create = {"atena_no": "1", "into_atena_no": "2", "reason": "x", "merged_by": "S", "merged_at": NOW}
        if expectation is None:
            Merge.objects.using(W).create(**create)
            continue
        with pytest.raises(expectation), transaction.atomic(using=W):
            Merge.objects.using(W).create(**create)


# --- the API ----------------------------------------------------------------------------------------------------------


FOUR = FourInfo(
    shimei="佐藤　太郎",
    shimei_furigana="サトウ　タロウ",
    seibetsu="1",
    seinengappi=date(1985, 3, 2),
    jusho="北海道小樽市架空町一丁目１番地",
    yubinbango="0470001",
)


def assign(key="k1", **changes):
    given = {"shorikubun": "0", "shikuchosonkodo": "011002", "four_info": FOUR, "gyomuid": "900", "sosashaid": "S0001"}
    request = NonresidentRequest.model_validate({**given, **changes})
    return link_to(W, consumer="subsidy").call(ASSIGN_NONRESIDENT, request, key=key)


def test_the_api_gives_a_number_once_however_often_it_is_asked(unified):
    first, again = assign(), assign()
    assert first == again
    assert first.rirekibango == 1
    assert check_number(NumberKind.ATENA, first.atenabango).problems == ()
    assert IssuedNumber.objects.using(W).count() == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"shorikubun": "1"}, "E0001", "atenabango"),
        ({"atenabango": "1"}, "E0004", "atenabango"),
        ({"shorikubun": "2", "atenabango": "999"}, "E0004", "atenabango"),
        ({"nayosemotofuragu": "1"}, "E0001", "nayosesakiatenabango"),
        ({"nayosesakiatenabango": "1"}, "E0004", "nayosesakiatenabango"),
        ({"nayosemotofuragu": "1", "nayosesakiatenabango": "999"}, "E0004", "nayosesakiatenabango"),
        ({"shikuchosonkodo": "011003"}, "E0004", "shikuchosonkodo"),
        ({"four_info": FOUR.model_copy(update={"seinengappi": None})}, "E0001", "four_info.seinengappi"),
    ],
)
def test_the_api_says_what_is_wrong_and_changes_nothing(unified, changes, code, field):
    with pytest.raises(Refused) as refused:
        assign(**changes)
    assert [(e.code, e.field) for e in refused.value.errors] == [(code, field)]
    assert not IssuedNumber.objects.using(W).exists()


def test_the_api_takes_a_candidate_and_merges(unified):
    resident(event(1), event(2, "2", on=date(2026, 3, 1), code="04", resident_status="2"))
    taken = assign(shorikubun="2", atenabango="2", nayosemotofuragu="1", nayosesakiatenabango="1")
    assert taken.atenabango == "2"
    assert Merge.objects.using(W).get().into_atena_no == "1"


def find(consumer="subsidy", **what):
    return link_to(W, consumer=consumer).call(SEARCH_PERSONS, SearchRequest(**what))


def test_variants_readings_and_the_history_are_found(unified):
    resident(event(1, name="髙橋　花子"), event(2, on=date(2026, 5, 1), code="08", name="鈴木　花子"))
    for name in ("高橋花子", "タカハシ ハナコ"):
        assert [c.atenabango for c in find(shimei=name).candidates] == ["1"]
    (former,) = find(shimei="高橋花子").candidates
    (now,) = find(shimei="鈴木花子").candidates
    assert (former.current, now.current, former.four_info.shimei) == (False, True, "鈴木　花子")
    assert find(shimei="花子").candidates == ()
    assert len(find(shimei="花子", partial=True).candidates) == 1
    assert find(shimei="鈴木花子", seibetsu="1").candidates == ()
    assert len(find(jusho="札幌市中央区").candidates) == 1
    assert len(find(seinengappi=date(2019, 5, 1)).candidates) == 1


@pytest.mark.parametrize("what", [{}, {"seibetsu": "1"}, {"shimei": " "}])
def test_half_the_city_is_no_search(unified, what):
    with pytest.raises(Refused) as refused:
        find(**what)
    assert refused.value.errors[0].code == "E0001"


def test_a_protected_person_is_marked_and_the_address_is_not_given(unified):
    resident(event(1, protection=True, postal_code="0608611"))
    (found,) = find(shimei="高橋花子").candidates
    assert found.protected
    assert (found.four_info.jusho, found.four_info.yubinbango) == ("", None)
    assert find(jusho="札幌市中央区").candidates == ()  # nor is an address confirmed


def test_hidden_numbers_are_seen_by_their_business_alone(unified):
    subscribe("subsidy", business_id="900")
    subscribe("desk", business_id="018")
    issue(hidden=True)
    assert len(find(shimei="佐藤太郎").candidates) == 1
    assert find("desk", shimei="佐藤太郎").candidates == ()
    assert [c.kind for c in stream("subsidy")] == ["nonresident"]
    assert stream("desk") == []
    hits, more = search(using=W, criteria=Criteria(name="佐藤太郎"), business_id=None, limit=5)
    assert (len(hits), more) == (1, False)


def test_the_limit_says_that_there_are_others(unified):
    resident(*(event(n, str(n)) for n in range(1, 5)))
    found = find(shimei="高橋花子", limit=3)
    assert (len(found.candidates), found.more) == (3, True)


# --- corporations, accounts, mailing addresses ------------------------------------------------------------------------


def corporation(corporate_no, **changes):
    given = {"name": "架空福祉会", "name_kana": "カクウフクシカイ", "address": "札幌市北区", "postal_code": "0010001"}
    more = {"phone": "", "business_id": "900", "by": "S0001", "on": TODAY, "at": NOW}
    return register_corporation(using=W, corporate_no=corporate_no, **{**given, **more, **changes})


def test_a_corporation_has_a_right_corporate_number_or_none():
    good = f"{corporate_check_digit('123456789012')}123456789012"
    made = corporation(good)
    assert made.corporate_no == good
    with pytest.raises(CannotRegister, match="すでに"):
        corporation(good)
    wrong = f"{(int(good[0]) % 9) + 1}{good[1:]}"
    for number in (wrong, "123"):
        with pytest.raises(CannotRegister):
            corporation(number)
    with pytest.raises(CannotRegister):
        corporation("", name=" ")
    assert corporation("").corporate_no is None
    assert corporation("").corporate_no is None
    changed = corporation(good, atena_no=made.atena_no, address="札幌市南区")
    assert changed.revisions == 2
    assert current_state(using=W, atena_no=made.atena_no).items["address"] == "札幌市南区"
    with pytest.raises(CannotIssue):
        issue(atena_no=made.atena_no)


def account(start, **changes):
    set_account(using=W, atena_no="1", start=start, facts={**ACCOUNT, **changes}, by="S", at=NOW)


def rows(model):
    current = model.objects.using(W).filter(recorded_to__isnull=True).order_by("valid")
    return [(r.valid.lower, r.valid.upper) for r in current]


def test_a_new_account_follows_on_the_one_before_and_nothing_is_overwritten():
    subscribe()
    resident()
    account(date(2026, 4, 1))
    account(date(2026, 6, 1), account_no="7654321")
    assert rows(Account) == [(date(2026, 4, 1), date(2026, 6, 1)), (date(2026, 6, 1), None)]
    account(date(2026, 5, 1), account_no="1111111")  # the last notice is the last word
    assert rows(Account) == [(date(2026, 4, 1), date(2026, 5, 1)), (date(2026, 5, 1), None)]
    assert Account.objects.using(W).filter(recorded_to__isnull=False).count() == 3
    told = [(c.valid_from, c.items["account_no"]) for c in stream() if c.kind == "account"]
    assert told[-2:] == [(date(2026, 6, 1), "1111111"), (date(2026, 5, 1), "1111111")]


@pytest.mark.parametrize(
    "changes", [{"bank_code": "1"}, {"account_no": "１２３４５６７"}, {"account_kind": "9"}, {"holder_kana": " "}]
)
def test_an_account_that_cannot_be(changes):
    resident()
    with pytest.raises(CannotSet):
        account(date(2026, 4, 1), **changes)


def test_mailing_addresses_have_an_end_and_travel_with_the_mark():
    subscribe()
    resident(event(1, protection=True))
    given = {"using": W, "atena_no": "1", "facts": MAILING, "by": "S", "at": NOW}
    set_mailing_address(start=date(2026, 7, 1), end=None, **given)
    set_mailing_address(start=date(2026, 6, 1), end=date(2026, 8, 1), **given)
    assert rows(MailingAddress) == [(date(2026, 6, 1), date(2026, 8, 1))]
    told = [(c.valid_from, c.items["valid_to"], c.items["protection"]) for c in stream() if c.kind == "mailing"]
    assert told == [
        (date(2026, 7, 1), None, True),
        (date(2026, 7, 1), "2026-08-01", True),
        (date(2026, 6, 1), "2026-08-01", True),
    ]
    with pytest.raises(CannotSet):
        set_mailing_address(start=date(2026, 6, 1), end=date(2026, 6, 1), **given)
    with pytest.raises(CannotSet):
        set_mailing_address(start=date(2026, 6, 1), end=None, **{**given, "atena_no": "999"})
