"""The household page: what it shows on which day, to whom, at what cost."""

from datetime import date, datetime

import pytest
from django.db import connections

from tasuke.deploy.clock import TOKYO
from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.testing import make_grant, make_user
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.desk.timeline import draw_timeline
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement
from tasuke.systems.subsidy.registry.models import Account, Income, Insurance

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
OTHER_WARD = "141330"
NOW = datetime(2026, 4, 1, 9, tzinfo=TOKYO)


@pytest.fixture
def family(people):
    people.resident("0000000010", "髙橋　太郎", relationship="世帯主", relationship_code="02", sex="1",
                    birth_date=date(1985, 5, 5), name_kana="タカハシ　タロウ")  # fmt: skip
    people.resident("0000000011")
    people.entitle("0000000011")
    values = {"valid": (date(2024, 1, 1), None), "recorded_from": NOW, "source": "nhi_feed"}
    Insurance.objects.using("subsidy").create(
        atena_no="0000000011", insurance_kind="1", insurer_no="140012", number="99", insured_relation="2", **values
    )
    Account.objects.using("subsidy").create(
        atena_no="0000000010", valid=(date(2024, 1, 1), None), recorded_from=NOW, bank_code="0138",
        branch_code="110", account_kind="1", account_no="7654321", holder_kana="タカハシ タロウ",
    )  # fmt: skip
    Income.objects.using("subsidy").create(
        atena_no="0000000010", tax_year=2026, status_code="3", total_income=3456789, recorded_from=NOW, source="tax"
    )
    return people


def page(client, address="/persons/0000000011/"):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_page_shows_members_entitlements_insurance_and_a_masked_account(family, browser):
    html = page(browser())
    for text in ("髙橋　太郎", "世帯主", "小児医療費助成", "1234567", "140012", "****321", "<svg", "受給中"):
        assert text in html, text
    assert "7654321" not in html


def test_incomes_stand_on_a_page_of_their_own(family, browser):
    assert "3,456,789円" not in page(browser("reviewer"))
    assert "3,456,789円" in page(browser("reviewer"), "/persons/0000000011/income/")
    assert browser("clerk").get("/persons/0000000011/income/").status_code == 403


def test_no_style_and_no_script_is_written_inline(family, browser):
    html = page(browser())
    assert " style=" not in html
    assert "<script>" not in html
    assert " onclick" not in html


def test_a_past_day_shows_what_held_then(people, browser):
    people.resident("0000000011", "旧姓　はな", start=date(2020, 4, 1), end=date(2025, 6, 1))
    people.resident("0000000011", start=date(2025, 6, 1))
    client = browser()
    assert "旧姓" not in page(client)
    past = page(client, "/persons/0000000011/?on=R7.5.31")
    assert "旧姓" in past
    assert "令和7年5月31日の状態です" in past


def test_a_past_day_knows_nothing_of_what_was_decided_later(people, browser):
    people.resident("0000000011")
    people.entitle("0000000011")
    application = Application.objects.using("subsidy").create(
        application_no="A1", scheme="kawasaki-shoni", kind="1", atena_no="0000000011",
        applicant_atena_no="0000000011", role="1", received_on=date(2026, 6, 1), channel="1", reason="9",
        event_date=date(2026, 6, 1), state="decided",
    )  # fmt: skip
    Decision.objects.using("subsidy").create(
        kind="application", scheme="kawasaki-shoni", atena_no="0000000011", application_id=application.pk,
        judged_on=date(2026, 6, 20), decided_on=date(2026, 6, 20), outcome="rejected", reasons=["NOT_INSURED"],
        version="x", version_hash="x", facts={}, recorded_at=datetime(2026, 6, 20, 9, tzinfo=TOKYO),
    )  # fmt: skip
    entitlement = Entitlement.objects.using("subsidy").get()
    Certificate.objects.using("subsidy").create(
        scheme="kawasaki-shoni", atena_no="0000000011", entitlement_id=entitlement.pk, recipient_no="1234567",
        payer_no="12345678", copay_class="a", valid=(date(2026, 4, 1), None), kind="new", state="returned",
        issued_on=date(2026, 4, 1), returned_on=date(2026, 9, 1), returned_to="窓口", content={}, file_sha256="0" * 64,
        page=1, run_id=1, issued_by="窓口",
    )  # fmt: skip
    client = browser()

    def states(day):
        h = client.get(f"/persons/0000000011/{day}").context["h"]
        return [(a["state"], a["outcome"]) for a in h.applications], [c["state"] for c in h.certificates]

    assert states("") == ([("decided", "rejected")], ["returned"])
    assert states("?on=R8.6.20") == ([("decided", "rejected")], ["issued"])
    assert states("?on=R8.6.19") == ([("received", None)], ["issued"])
    assert states("?on=R8.5.31") == ([], ["issued"])


def test_the_incomes_of_a_past_day_are_those_of_its_years_and_of_what_was_known(family, browser):
    client = browser("reviewer")
    assert "/persons/0000000011/income/?on=R8.4.2&amp;known=on" in page(
        client, "/persons/0000000011/?on=R8.4.2&known=on"
    )
    assert "3,456,789円" in page(client, "/persons/0000000011/income/?on=R8.4.2&known=on")
    assert "3,456,789円" not in page(client, "/persons/0000000011/income/?on=R7.12.31")
    assert "3,456,789円" not in page(client, "/persons/0000000011/income/?on=R8.3.31&known=on")  # recorded on 1 April


def test_what_was_not_recorded_yet_is_not_shown_as_known_then(family, browser):
    client = browser()
    assert client.get("/persons/0000000011/?on=R8.3.1&known=on").status_code == 404  # recorded on 1 April
    assert client.get("/persons/0000000011/?on=R8.4.2&known=on").status_code == 200


def test_a_wrong_day_is_told_at_the_field(family, browser):
    html = page(browser(), "/persons/0000000011/?on=R8.2.30")
    assert "日付として読めません" in html


def test_the_address_of_a_protected_person_is_nowhere_on_the_page(family, browser):
    family.protect("0000000011")
    html = page(browser("reviewer"))
    for secret in ("宮前", "044-000-0001", "2160000", "216-0000"):
        assert secret not in html, secret
    assert "支援措置の対象者です" in html
    assert browser("reviewer", personal_id="test-r2").get("/persons/0000000011/address/").status_code == 403
    assert "宮前平" in page(browser("head_office"), "/persons/0000000011/address/")


@pytest.mark.parametrize(
    ("until", "told"), [(date(2026, 12, 24), False), (date(2026, 11, 25), False), (date(2026, 11, 24), True)]
)
def test_a_protection_that_ends_later_guards_today_whatever_day_is_asked_for(family, browser, until, told):
    family.protect("0000000011", until=until)  # today is 24 November 2026
    client = browser("reviewer")
    for day in ("", "?on=R9.12.1"):
        assert ("044-000-0001" in page(client, f"/persons/0000000011/{day}")) is told, day


def test_the_address_of_whoever_lives_with_a_protected_person_is_kept_as_well(family, browser):
    family.protect("0000000010")  # the father; the child bears no mark of its own
    html = page(browser("reviewer"))
    assert "同じ世帯に支援措置の対象者がいます" in html
    for secret in ("宮前", "044-000-0001", "216-0000"):
        assert secret not in html, secret
    assert "宮前平" in page(browser("head_office"), "/persons/0000000011/address/")


@pytest.mark.parametrize("address", ["", "income/"])
def test_a_household_of_another_ward_is_not_there_and_the_attempt_is_on_record(family, browser, address):
    client = browser("reviewer", offices=[OTHER_WARD])
    assert client.get(f"/persons/0000000011/{address}").status_code == 404
    assert client.get(f"/persons/9999999999/{address}").status_code == 404
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE kind = 'not-found'")
        assert cursor.fetchone() == (2,)


def test_entitlements_of_other_procedures_are_left_out(family, browser):
    assert "1234567" not in page(browser("clerk", schemes=["kawasaki-hitorioya"]))


def test_every_member_is_on_record(family, browser):
    page(browser())
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT atena_no FROM audit_event WHERE kind = 'read' ORDER BY atena_no")
        assert cursor.fetchall() == [("0000000010",), ("0000000011",)]


def test_the_page_takes_at_most_fifteen_statements(family, browser, at_most):
    client = browser("reviewer")
    page(client)
    with at_most(15):
        page(client)


def test_the_home_page_tells_what_waits_and_takes_few_statements(family, browser, at_most):
    client = browser("reviewer")
    with at_most(6):
        html = page(client, "/")
    assert "今日の仕事" in html
    assert "待っている仕事はありません" in html


def test_administrators_are_told_of_requests_that_others_made(people, browser):
    one, other = browser("administrator", personal_id="admin-1"), browser("administrator", personal_id="admin-2")
    asked = make_grant(make_user("k-00001", at=NOW), "clerk", at=NOW)
    Grant.objects.using("accounts").filter(pk=asked.pk).update(
        state=GrantState.REQUESTED, requested_by="admin-1", decided_at=None, decided_by=None
    )
    assert "待っている仕事はありません" in page(one, "/")
    told = page(other, "/")
    assert "承認を待つ権限" in told.partition("待ちのない仕事")[0]
    assert 'href="/admin/accounts/grants/"' in told


@pytest.mark.parametrize("role", ["payment_drafter", "administrator", "auditor", "operator", "head_office"])
def test_everybody_has_a_home_page(people, browser, role):
    assert page(browser(role), "/")


def test_the_drawing_stays_inside_and_marks_what_goes_on():
    rows = [
        {"atena_no": "1", "name": "A", "scheme": "s", "since": date(2010, 1, 1), "until": date(2050, 4, 1)},
        {"atena_no": "1", "name": "A", "scheme": "t", "since": date(2026, 4, 1), "until": None},
    ]
    drawn = draw_timeline(rows, on=date(2026, 11, 24), titles={"s": "子ども"}, kinds={"s": "kodomo"})
    assert [lane.scheme for lane in drawn.lanes] == ["子ども", "t"]
    first = drawn.lanes[0].bars[0]
    assert first.cut_left
    assert first.cut_right
    assert all(drawn.left <= b.x and b.x + b.width <= drawn.width for lane in drawn.lanes for b in lane.bars)
    assert draw_timeline([], on=date(2026, 1, 1), titles={}, kinds={}) is None
