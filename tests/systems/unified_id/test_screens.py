"""Screens: who may see what, and that each look at a 個人番号 is on record."""

import pytest
from tests.systems.unified_id.conftest import AT, my_number

from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.platform.audit.models import AuditEvent
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
    assert browser.post(undo).status_code == 302
    assert Person.objects.using("unified_id").get(pk=one).state == "in_use"


def test_faults_are_listed_and_settled():
    browser = signed_in("number_official")
    fault = RowFault.objects.using("unified_id").get()
    assert "103" in browser.get("/unified_id/errors/").content.decode()
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
    first.post(f"/unified_id/permits/{made.pk}/end/")
    assert "R09.03.31" not in first.get("/unified_id/permits/").content.decode()
