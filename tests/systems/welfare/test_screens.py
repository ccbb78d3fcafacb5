"""社会保障宛名 on screen: who sees what, what is on record, and that a protected address is nowhere."""

from datetime import date

import pytest
from django.test import Client
from tests.systems.welfare.conftest import NOW, TODAY, event, facts, subscribe
from tests.systems.welfare.test_changes import tax
from tests.systems.welfare.test_persons import ACCOUNT, MAILING

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.welfare.models import (
    Account,
    ContactNote,
    IssuedNumber,
    MailingAddress,
    Merge,
    NumberNotice,
    Protection,
    Subscriber,
)
from tasuke.systems.welfare.services.issue_nonresident import issue_nonresident
from tasuke.systems.welfare.services.set_payee import set_account, set_mailing_address
from tasuke.systems.welfare.services.take_events import take_events

pytestmark = pytest.mark.django_db(databases=["welfare", "resident", "accounts", "subsidy"])
W = "welfare"
PLACE = "札幌市中央区"
NEW = {
    "name": "佐藤　太郎",
    "sex": "1",
    "birth_date": "昭和60年3月2日",
    "municipality_code": "012033",
    "address": "北海道小樽市架空町一丁目１番地",
    "business_id": "900",
}


@pytest.fixture(autouse=True)
def city():
    set_profile(open_profile("kawasaki"))


@pytest.fixture
def people():
    """1: protected, with everything; 2: a resident; and a 住登外者."""
    subscribe()
    take_events(
        using=W, events=[event(1, protection=True, ward_code="011011"), event(2, "2", name="鈴木　一")], last=2, at=NOW
    )
    given = {"using": W, "atena_no": "1", "by": "S", "at": NOW}
    set_account(start=date(2026, 4, 1), facts=ACCOUNT, **given)
    set_mailing_address(start=date(2026, 4, 1), end=None, facts=MAILING, **given)
    tax({"atena_no": "1", "total_income": 3_120_000, "income_levy": 1})
    return issue_nonresident(using=W, facts=facts(), business_id="900", by="S", on=TODAY, at=NOW).atena_no


def find(browser, **what):
    return browser.post("/welfare/", what, follow=True).content.decode()


def test_searching_is_on_record_and_in_no_address(people):
    browser = signed_in("welfare_official")
    answer = browser.post("/welfare/", {"name": "高橋花子"})
    assert answer.url == "/welfare/"
    page = browser.get("/welfare/").content.decode()
    assert "支援措置" in page
    assert PLACE not in page
    assert PLACE in find(signed_in("welfare_supervisor"), name="高橋花子")
    searched = AuditEvent.objects.using(W).filter(kind="searched", atena_no="1")
    assert searched.exists()
    assert "高橋" not in "".join(searched.values_list("detail", flat=True))
    assert browser.post("/welfare/", {"sex": "1"}).status_code == 422
    assert browser.post("/welfare/", {"name": "123456789018"}).status_code == 422
    assert "鈴木" in find(browser, atena_no="2")


@pytest.mark.parametrize("role", ["welfare_official", "welfare_supervisor"])
def test_a_protected_address_is_for_the_supervisor_alone(people, role, django_assert_max_num_queries):
    browser = signed_in(role)
    with django_assert_max_num_queries(15, using=W):
        page = browser.get("/welfare/persons/1/").content.decode()
    assert "支援措置の対象者です" in page
    assert (PLACE in page) == ("小樽市架空町" in page) == (role == "welfare_supervisor")
    assert ("架空園" in page) == (role == "welfare_supervisor")  # to whom letters go tells where somebody is
    assert "架空園" not in browser.get("/welfare/persons/1/mailing/").content.decode()
    assert "1234567" not in page
    assert "****567" in page
    assert AuditEvent.objects.using(W).filter(kind="read", atena_no="1").exists()


def test_tax_is_a_permission_of_its_own(people):
    assert signed_in("welfare_official").get("/welfare/persons/1/tax/").status_code == 403
    page = signed_in("welfare_supervisor").get("/welfare/persons/1/tax/").content.decode()
    assert "3,120,000円" in page


def test_limits_of_a_grant_hold(people):
    elsewhere = signed_in("welfare_official", offices=["011020"])
    assert elsewhere.get("/welfare/persons/1/").status_code == 404
    assert "鈴木" not in find(elsewhere, atena_no="2")
    assert (
        signed_in("welfare_official", personal_id="test-w2", offices=["011011"]).get("/welfare/persons/1/").status_code
        == 200
    )


def test_others_see_nothing(people):
    for address in ("", "persons/1/", "nonresidents/new/", "delivery/", "faults/"):
        assert signed_in("clerk").get(f"/welfare/{address}").status_code == 403
        assert Client().get(f"/welfare/{address}").status_code == 302
    assert signed_in("welfare_official").get("/welfare/persons/999/").status_code == 404


def test_candidates_are_looked_at_before_a_number_is_given(people):
    browser = signed_in("welfare_official")
    page = browser.post("/welfare/nonresidents/new/", NEW)
    assert page.status_code == 400
    assert "同じ人かもしれない人" in page.content.decode()
    assert IssuedNumber.objects.using(W).count() == 1
    made = browser.post("/welfare/nonresidents/new/", {**NEW, "checked": "on"}, follow=True).content.decode()
    assert "を付けました" in made
    assert IssuedNumber.objects.using(W).count() == 2
    fresh = browser.post("/welfare/nonresidents/new/", {**NEW, "name": "新田　次郎", "birth_date": "H1.1.8"})
    assert fresh.status_code == 302
    assert browser.post("/welfare/nonresidents/new/", {**NEW, "municipality_code": "012034"}).status_code == 400


def test_revising_merging_undoing_and_ending(people):
    browser = signed_in("welfare_official")
    person = f"/welfare/persons/{people}/"
    assert browser.get(f"{person}revise/").status_code == 200
    browser.post(f"{person}revise/", {**NEW, "address": "小樽市新町", "revision": "1"})
    assert browser.post(f"{person}revise/", {**NEW, "address": "小樽市旧町", "revision": "1"}).status_code == 400
    assert "小樽市新町" in browser.get(person).content.decode()
    browser.post(f"{person}merge/", {"into": "2", "reason": "同一人と確認"})
    merge = Merge.objects.using(W).get()
    assert "名寄せされています" in browser.get(person).content.decode()
    assert browser.post(f"/welfare/persons/1/merges/{merge.pk}/undo/", {"reason": "x"}).status_code == 404
    undo = f"{person}merges/{merge.pk}/undo/"
    refused = browser.post(undo, {"reason": " "})
    assert refused.status_code == 400
    assert 'href="#id_reason">理由: 理由を入力してください' in refused.content.decode()
    assert "別" * 201 in browser.post(undo, {"reason": "別" * 201}).content.decode()
    browser.post(undo, {"reason": "別人だった"})
    assert 'value="もう一度"' in browser.post(undo, {"reason": "もう一度"}).content.decode()
    assert Merge.objects.using(W).get().undone_by == "test-welfare-officia"
    assert browser.post(f"{person}end/", {"reason": ""}).status_code == 400
    browser.post(f"{person}end/", {"reason": "転入", "resident_atena_no": "2"})
    assert IssuedNumber.objects.using(W).get().resident_atena_no == "2"
    assert browser.get("/welfare/nonresidents/moved-in/").status_code == 200


def test_notes_accounts_mailing_addresses_and_corporations(people):
    browser = signed_in("welfare_official")
    browser.post("/welfare/persons/2/note/", {"channel": "phone", "text": "住所の確認"})
    assert ContactNote.objects.using(W).get().by == "test-welfare-officia"
    assert browser.post("/welfare/persons/2/note/", {"channel": "phone", "text": ""}).status_code == 400
    browser.post("/welfare/persons/2/account/", {**ACCOUNT, "public_account": "", "start": "R8.6.1"})
    assert Account.objects.using(W).filter(atena_no="2").count() == 1
    browser.post("/welfare/persons/2/mailing/", {**MAILING, "start": "R8.6.1", "last_day": "R8.6.30"})
    assert str(MailingAddress.objects.using(W).get(atena_no="2").valid.upper) == "2026-07-01"
    wrong = {"corporate_no": "1234567890123", "name": "架空会", "address": "札幌市"}
    assert browser.post("/welfare/corporations/new/", wrong).status_code == 400
    assert (
        "を付けました"
        in browser.post("/welfare/corporations/new/", {**wrong, "corporate_no": ""}, follow=True).content.decode()
    )


def test_ending_a_protection_takes_the_supervisor_and_a_reason(people):
    assert signed_in("welfare_official").post("/welfare/persons/1/protection/", {"reason": "x"}).status_code == 403
    supervisor = signed_in("welfare_supervisor")
    refused = supervisor.post("/welfare/persons/1/protection/", {"reason": " "})
    assert refused.status_code == 400
    assert 'href="#id_reason">理由: 理由を入力してください' in refused.content.decode()
    assert Protection.objects.using(W).get().ended_at is None
    supervisor.post("/welfare/persons/1/protection/", {"reason": "本人の申出"})
    assert Protection.objects.using(W).get().ended_by == "test-welfare-supervi"


def test_delivery_and_dead_numbers(people):
    official, chief = signed_in("distribution_official"), signed_in("distribution_supervisor")
    assert "医療費助成" in official.get("/welfare/delivery/").content.decode()
    given = {"system": "desk", "name": "窓口", "business_id": "018", "kinds": ["person"], "legal_basis": "条例"}
    assert official.post("/welfare/delivery/new/", given).status_code == 400
    official.post("/welfare/delivery/new/", {**given, "purpose": "審査"})
    made = Subscriber.objects.using(W).get(system="desk")
    assert official.post(f"/welfare/delivery/{made.pk}/approve/").status_code == 403
    assert chief.post(f"/welfare/delivery/{made.pk}/other/").status_code == 404
    chief.post(f"/welfare/delivery/{made.pk}/approve/")
    assert Subscriber.objects.using(W).get(system="desk").last_sequence == 2
    refused = chief.post(f"/welfare/delivery/{made.pk}/end/", {"reason": "終" * 201})
    assert refused.status_code == 422
    assert 'href="#id_reason">理由: ' in refused.content.decode()
    assert "終" * 201 in refused.content.decode()
    made.refresh_from_db()
    assert made.state == "approved"  # not without a reason
    chief.post(f"/welfare/delivery/{made.pk}/end/", {"reason": "事務が終わった"})
    assert "事務が終わった" in AuditEvent.objects.using(W).filter(detail__contains="利用の決定").latest("pk").detail
    assert Subscriber.objects.using(W).get(system="desk").state == "ended"
    NumberNotice.objects.using(W).filter(business_id="900", atena_no="2").update(state="dead", error="E0101")
    browser = signed_in("welfare_official")
    assert "E0101" in browser.get("/welfare/faults/").content.decode()
    notice = NumberNotice.objects.using(W).get(state="dead")
    browser.post(f"/welfare/faults/{notice.pk}/again/")
    assert not NumberNotice.objects.using(W).filter(state="dead").exists()
    assert browser.post(f"/welfare/faults/{notice.pk}/again/").status_code == 404
