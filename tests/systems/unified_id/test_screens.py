"""Screens: who may see what, and that each look at a 個人番号 is on record."""

import pytest
from tests.systems.unified_id.conftest import AT, my_number

from tasuke.contracts.mediation import WANT_CODES, CodesWanted, CodeWanted
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.outbox import post
from tasuke.systems.subsidy.profile import set_profile
from tasuke.systems.unified_id.models import BusinessNumber, Merge, MyNumberPermit, Person, RowFault
from tasuke.systems.unified_id.services.permit_my_number import approve_permit, request_permit

pytestmark = [
    pytest.mark.django_db(databases=["unified_id", "accounts", "subsidy"]),
    pytest.mark.urls("tests.systems.unified_id.office_urls"),
]


@pytest.fixture(autouse=True)
def people(unified):
    set_profile(open_profile("kawasaki"))
    unified.register(unified.row("101", my_number(1)), unified.row("102", my_number(2)), unified.row("103"))
    unified.register(unified.row("101"), business="900")


def no_of(atena_no):
    return BusinessNumber.objects.using("unified_id").filter(atena_no=atena_no).first().person_id


def shown(number):
    return f"{number[:4]} {number[4:8]} {number[8:]}"


def permit(personal_id):
    asked = request_permit(
        using="unified_id", business_id="900", personal_id=personal_id, legal_basis="番号法9条2項", by="chief",
        start=AT.date().replace(year=2020), end=AT.date().replace(year=2099), at=AT,
    )  # fmt: skip
    approve_permit(using="unified_id", permit_id=asked.pk, by="head", at=AT)


@pytest.mark.parametrize(("kind", "number"), [("my_number", my_number(1)), ("atena_no", "101")])
def test_a_person_is_found_by_a_number_that_is_not_sent_back(kind, number):
    page = signed_in("number_official").post("/unified_id/", {"kind": kind, "number": number})
    text = page.content.decode()
    assert no_of("101") in text
    assert my_number(1) not in text
    assert "no-store" in page.headers["Cache-Control"]
    event = AuditEvent.objects.using("unified_id").get(kind="searched")
    assert (event.atena_no, number in event.detail) == ("101", False)


def test_a_number_of_another_length_is_told_so_without_the_number():
    page = signed_in("number_official").post("/unified_id/", {"kind": "my_number", "number": "123"})
    assert (page.status_code, "12けた" in page.content.decode()) == (422, True)


def test_a_number_shows_for_ten_seconds_to_who_has_a_permit_and_the_look_is_on_record():
    address = f"/unified_id/persons/{no_of('101')}/"
    browser = signed_in("number_official", personal_id="S0001")
    assert "許可はありません" in browser.get(address).content.decode()
    form = {"business": "900", "purpose": "申請の審査"}
    assert browser.post(f"{address}my-number/", form).status_code == 422
    permit("S0001")
    assert "10秒間表示する" in browser.get(address).content.decode()
    page = browser.post(f"{address}my-number/", form)
    assert shown(my_number(1)) in page.content.decode()
    assert page.headers["Refresh"] == f"10; url={address}"
    assert page.headers["Cache-Control"] == "no-store"
    event = AuditEvent.objects.using("unified_id").filter(detail__contains="my-number", kind="read").get()
    assert (event.personal_id, event.atena_no, event.purpose) == ("S0001", "101", "申請の審査")
    assert my_number(1) not in str(list(AuditEvent.objects.using("unified_id").values()))
    assert browser.get(f"{address}my-number/").status_code == 405


@pytest.mark.parametrize("role", ["clerk", "auditor", "administrator", "number_supervisor", "distribution_official"])
def test_others_do_not_see_persons(role):
    browser = signed_in(role)
    for address in ("", f"persons/{no_of('101')}/"):
        assert browser.get(f"/unified_id/{address}").status_code == 403
    assert browser.post(f"/unified_id/persons/{no_of('101')}/my-number/").status_code == 403


def test_an_official_merges_and_separates():
    browser = signed_in("number_official")
    one, two = no_of("101"), no_of("102")
    form = {"target": two, "reason": "同じ人"}
    assert browser.post(f"/unified_id/persons/{one}/merge/", form).status_code == 302
    assert Person.objects.using("unified_id").get(pk=one).merged_into_id == two
    assert "統合されています" in browser.get(f"/unified_id/persons/{one}/").content.decode()
    assert browser.post(f"/unified_id/persons/{one}/merge/", form).status_code == 422
    undo = f"/unified_id/merges/{Merge.objects.using('unified_id').get().pk}/undo/"
    refused = browser.post(undo)
    assert refused.status_code == 422
    assert 'href="#id_reason">理由: 理由を入力してください' in refused.content.decode()
    assert "別" * 201 in browser.post(undo, {"reason": "別" * 201}).content.decode()
    assert Person.objects.using("unified_id").get(pk=one).state == "merged"  # not without a reason
    assert browser.post(undo, {"reason": "別人と分かった"}).status_code == 302
    assert (
        "別人と分かった"
        in AuditEvent.objects.using("unified_id").get(kind="changed", detail__contains="unmerge").detail
    )
    assert Person.objects.using("unified_id").get(pk=one).state == "in_use"
    again = browser.post(undo, {"reason": "もう一度"})
    assert again.status_code == 422
    assert "もう分離されています" in again.content.decode()
    assert 'value="もう一度"' in again.content.decode()
    assert browser.post("/unified_id/merges/999999/undo/", {"reason": "x"}).status_code == 404


def test_faults_are_listed_once_and_settled(unified):
    browser = signed_in("number_official")
    unified.register(unified.row("103"))  # sent again: the same fault, one line
    fault = RowFault.objects.using("unified_id").latest("pk")
    assert browser.get("/unified_id/errors/").content.decode().count('<th scope="row">103</th>') == 1
    assert browser.post(f"/unified_id/errors/{fault.pk}/settle/").status_code == 302
    assert "誤りはありません" in browser.get("/unified_id/errors/").content.decode()
    assert browser.post(f"/unified_id/errors/{fault.pk}/settle/").status_code == 404


def test_failed_codes_are_asked_for_again():
    no = no_of("101")
    Person.objects.using("unified_id").filter(pk=no).update(linkage_state="failed", processing_no="P1")
    browser = signed_in("number_official")
    assert "もう一度要求する" in browser.get(f"/unified_id/persons/{no}/").content.decode()
    browser.post(f"/unified_id/persons/{no}/code/")
    assert Person.objects.using("unified_id").get(pk=no).linkage_state == "none"


def test_counts_and_permits():
    assert "使用中" in signed_in("number_official").get("/unified_id/statistics/").content.decode()
    first = signed_in("number_supervisor", personal_id="chief")
    form = {"personal_id": "S0001", "business_id": "900", "legal_basis": "条例", "start": "R8.4.1", "last": "R9.3.31"}
    assert first.post("/unified_id/permits/", form).status_code == 302
    assert first.post("/unified_id/permits/", form).status_code == 422
    made = MyNumberPermit.objects.using("unified_id").get()
    first.post(f"/unified_id/permits/{made.pk}/approve/")
    made.refresh_from_db()
    assert made.approved_at is None
    signed_in("number_supervisor", personal_id="head").post(f"/unified_id/permits/{made.pk}/approve/")
    made.refresh_from_db()
    assert made.approved_by == "head"
    end = f"/unified_id/permits/{made.pk}/end/"
    refused = first.post(end)
    assert refused.status_code == 422
    assert 'href="#id_reason">理由: 理由を入力してください' in refused.content.decode()
    assert "異" * 201 in first.post(end, {"reason": "異" * 201}).content.decode()
    assert "R09.03.31" in first.get("/unified_id/permits/").content.decode()  # not without a reason
    first.post(end, {"reason": "異動"})
    assert "R09.03.31" not in first.get("/unified_id/permits/").content.decode()
    assert "異動" in AuditEvent.objects.using("unified_id").get(kind="grant-revoked").detail


def test_a_permit_that_was_taken_back_before_its_approval_waits_no_longer():
    first = signed_in("number_supervisor", personal_id="chief")
    asked = request_permit(
        using="unified_id", business_id="900", personal_id="S0001", legal_basis="番号法9条2項", by="chief",
        start=AT.date().replace(year=2098), end=AT.date().replace(year=2099), at=AT,
    )  # fmt: skip
    other = signed_in("number_supervisor", personal_id="head")
    assert "承認する" in other.get("/unified_id/permits/").content.decode()
    first.post(f"/unified_id/permits/{asked.pk}/end/", {"reason": "間違い"})
    page = other.get("/unified_id/permits/").content.decode()
    assert ("承認する" in page, "始まる前に終了" in page) == (False, True)


def test_a_message_that_was_refused_waits_for_a_person_and_goes_again():
    request = CodesWanted(items=(CodeWanted(body="B011002", processing_no="P1", my_number_sealed="x"),))
    post(using="unified_id", provider="juki", operation=WANT_CODES, request=request, key="k1", at=AT)
    message = Outgoing.objects.using("unified_id").get()
    Outgoing.objects.using("unified_id").update(state="dead", ended_at=AT, error="鍵が違います")
    browser = signed_in("number_official")
    assert "届かなかった電文</a>があります" in browser.get("/unified_id/errors/").content.decode()
    page = browser.get("/unified_id/letters/").content.decode()
    assert all(word in page for word in ("符号の取得依頼", "住基ネットワーク(代役)", "鍵が違います"))
    assert browser.post(f"/unified_id/letters/{message.pk}/again/").status_code == 302
    assert Outgoing.objects.using("unified_id").get().state == "waiting"
    assert AuditEvent.objects.using("unified_id").filter(detail__contains="配達不能の再送").exists()
    assert browser.post(f"/unified_id/letters/{message.pk}/again/").status_code == 404
    assert signed_in("clerk").get("/unified_id/letters/").status_code == 403
