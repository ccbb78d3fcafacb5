"""One person is renewed on screen: seen first, then renewed exactly as seen, within ward and scheme."""

from datetime import date, datetime

import pytest

from tasuke.deploy.clock import TOKYO
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.batch.models import Run
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.entitlements.models import Application, Decision
from tasuke.systems.subsidy.registry.models import Insurance

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
CHILD, SHONI, OTHER_WARD = "0000000011", "kawasaki-shoni", "141330"
NOW = datetime(2026, 10, 1, 9, tzinfo=TOKYO)
PATH = f"/persons/{CHILD}/renewals/{SHONI}/"


@pytest.fixture
def left_out(people):
    """Entitled, and the 一斉更新 of October did not take the child in."""
    people.resident(CHILD)
    Insurance.objects.using("subsidy").create(
        atena_no=CHILD, insurance_kind="1", insurer_no="140012", symbol="宮", number="99", insured_relation="2",
        benefit_rate=80, valid=(date(2020, 4, 1), None), recorded_from=NOW, source="nhi_feed",
    )  # fmt: skip
    people.entitle(CHILD)
    Run.objects.using("subsidy").create(
        job="renew", target=SHONI, parameters={"scheme": SHONI, "on": "2026-10-01"}, state="done", planned_by="a",
        planned_at=NOW, needs_approval=True, approved_by="b", approved_at=NOW, started_at=NOW,
        finished_at=NOW,
    )  # fmt: skip


def test_the_household_leads_to_the_renewal_and_it_is_done_as_shown(left_out, browser, at_most):
    client = browser("reviewer")
    with at_most(15):
        page = client.get(f"/persons/{CHILD}/").content.decode()
    assert "更新未了" in page
    assert PATH in page
    with at_most(15):
        shown = client.get(PATH)
    outcome = shown.context["trial"].outcome
    assert "令和8年10月1日" in shown.content.decode()
    assert not Decision.objects.using("subsidy").filter(kind="renewal").exists()
    done = client.post(PATH + "renew/", {"outcome": outcome}, follow=True)
    assert done.redirect_chain[-1][0] == PATH + "papers/"
    assert Decision.objects.using("subsidy").filter(kind="renewal", judged_on=date(2026, 10, 1)).count() == 1
    assert AuditEvent.objects.using("subsidy").filter(kind="changed", atena_no=CHILD).exists()
    assert "更新未了" not in client.get(f"/persons/{CHILD}/").content.decode()
    assert "済んでいます" in client.get(PATH, follow=True).content.decode()


def test_what_was_not_shown_is_not_done(left_out, browser):
    page = browser("reviewer").post(PATH + "renew/", {"outcome": "something"}, follow=True)
    assert "台帳の内容が変わりました" in page.content.decode()
    assert not Decision.objects.using("subsidy").filter(kind="renewal").exists()


def test_a_clerk_sees_and_does_not_decide_and_others_find_nothing(left_out, browser):
    clerk = browser()
    assert "審査の担当者が行います" in clerk.get(PATH).content.decode()
    assert clerk.post(PATH + "renew/", {"outcome": "eligible"}).status_code == 403
    other = browser("reviewer", offices=[OTHER_WARD], personal_id="other")
    assert other.get(PATH).status_code == 404
    assert other.post(PATH + "renew/", {"outcome": "eligible"}).status_code == 404
    limited = browser("reviewer", schemes=["kawasaki-hitorioya"], personal_id="limited")
    assert limited.get(PATH).status_code == 404


@pytest.fixture
def renewed(left_out, browser, tmp_path, monkeypatch):
    """… and renewed by itself."""
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    client = browser("reviewer")
    outcome = client.get(PATH).context["trial"].outcome
    client.post(PATH + "renew/", {"outcome": outcome})
    return client


def test_the_certificate_is_printed_after_the_renewal(renewed, at_most):
    with at_most(15):
        page = renewed.get(PATH + "papers/").content.decode()
    assert "まだ交付していません" in page
    page = renewed.post(PATH + "papers/certificate/", follow=True).content.decode()
    assert "受給者証を交付しました" in page
    made = Certificate.objects.using("subsidy").get()
    assert f"/certificates/{made.pk}/paper/" in page
    assert renewed.get(f"/certificates/{made.pk}/paper/").content.startswith(b"%PDF")
    again = renewed.post(PATH + "papers/certificate/", follow=True).content.decode()
    assert "手元に正しい受給者証があります" in again
    assert Certificate.objects.using("subsidy").count() == 1


def test_a_refused_renewal_has_its_letter(people, renewed):
    people.resident("0000000010", "髙橋　太郎", birth_date=date(1985, 5, 5))
    Application.objects.using("subsidy").create(
        application_no="A000000001", scheme=SHONI, kind="1", atena_no=CHILD, applicant_atena_no="0000000010", role="1",
        received_on=date(2026, 3, 1), channel="1", reason="9", event_date=date(2026, 3, 1), state="decided",
    )  # fmt: skip
    Decision.objects.using("subsidy").filter(kind="renewal").update(outcome="rejected", reasons=["NOT_RESIDENT"])
    page = renewed.get(PATH + "papers/").content.decode()
    assert "通知書を作る" in page
    assert renewed.get(PATH + "papers/notice/").status_code == 404
    page = renewed.post(PATH + "papers/notice/", follow=True).content.decode()
    assert "通知書を作りました" in page
    assert renewed.get(PATH + "papers/notice/").content.startswith(b"%PDF")


def test_papers_of_a_renewal_that_was_not_made_here_are_not_there(left_out, browser):
    client = browser("reviewer")
    assert client.get(PATH + "papers/").status_code == 404
    assert client.post(PATH + "papers/certificate/").status_code == 404
    assert client.post(PATH + "papers/notice/").status_code == 404
