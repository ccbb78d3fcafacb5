"""Certificates on screen: the register within one's limits, a second paper with its PDF, and returns."""

import io
from datetime import date, timedelta

import pytest
from django.db import connections
from pypdf import PdfReader

import tasuke.systems.subsidy.certificates.jobs as jobs
from tasuke.deploy.clock import today
from tasuke.platform.access.testing import signed_in
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.registry.models import ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
assert jobs
ON = date(2026, 4, 1)


def body(response):
    return " ".join(response.content.decode().split())


def events():
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT kind, atena_no FROM audit_event ORDER BY id")
        return cursor.fetchall()


@pytest.fixture
def papers(city, office):
    city.person("101", name="髙橋 葛󠄀之介")
    city.person("102", name="﨑山 花子", address="川崎市幸区ひみつ町1", ward_code="141321")
    city.protect("102")
    city.entitled("101", "0000018")
    city.entitled("102", "0000026")
    office.run("issue-certificates", scheme=city.HITORIOYA, on=ON)
    return {c.atena_no: c for c in Certificate.objects.using("subsidy")}


def test_the_register_by_state_scheme_and_number(papers, django_assert_max_num_queries):
    client = signed_in("clerk")
    with django_assert_max_num_queries(15, using="subsidy"):
        text = body(client.get("/certificates/"))
    assert "0000018" in text
    assert "支援措置" in text
    assert {("read", "101"), ("read", "102")} <= set(events())
    text = body(client.get("/certificates/?number=０００００１８&state=issued"))
    assert ("0000018</a>" in text, "0000026</a>" in text) == (True, False)
    assert "0000026</a>" in body(client.get("/certificates/?number=102"))
    assert "この条件の受給者証はありません" in body(client.get("/certificates/?state=recall"))
    assert client.get("/certificates/?state=%27&after=x&number=abc").status_code == 200


def test_a_ward_sees_its_own_even_after_a_move(papers):
    ward = signed_in("clerk", offices=["141321"], personal_id="ward")
    text = body(ward.get("/certificates/"))
    assert ("0000018</a>" in text, "0000026</a>" in text) == (False, True)
    assert ward.get(f"/certificates/{papers['101'].pk}/").status_code == 404
    assert ward.post(f"/certificates/{papers['101'].pk}/reissue/", {"reason": "紛失"}).status_code == 404
    moved = ResidentRecord.objects.using("subsidy").get(atena_no="102")
    ResidentRecord.objects.using("subsidy").filter(pk=moved.pk).update(valid=(date(2015, 6, 1), date(2026, 5, 1)))
    moved.pk, moved.ward_code, moved.resident_status = None, "", "2"
    moved.valid = (date(2026, 5, 1), None)
    moved.save(force_insert=True, using="subsidy")
    assert "0000026</a>" in body(ward.get("/certificates/"))


def test_a_protected_address_is_hidden(papers, django_assert_max_num_queries):
    with django_assert_max_num_queries(15, using="subsidy"):
        hidden = body(signed_in("clerk").get(f"/certificates/{papers['102'].pk}/"))
    assert "支援措置のため非表示" in hidden
    assert "ひみつ町" not in hidden
    assert "ひみつ町" in body(signed_in("head_office").get(f"/certificates/{papers['102'].pk}/"))
    assert "架空町" in body(signed_in("clerk").get(f"/certificates/{papers['101'].pk}/"))


def test_a_lost_paper_is_replaced_at_the_counter(papers):
    clerk, old = signed_in("clerk"), papers["101"]
    address = f"/certificates/{old.pk}/"
    wrong = clerk.post(address + "reissue/", {"reason": "その他"})
    assert wrong.status_code == 422
    assert "理由を入力してください" in body(wrong)
    response = clerk.post(address + "reissue/", {"reason": "その他", "other": "犬がかじった"})
    new = Certificate.objects.using("subsidy").get(kind="reissue")
    assert response.url == f"/certificates/{new.pk}/"
    assert new.reason == "その他(犬がかじった)"
    page = body(clerk.get(response.url))
    assert "PDFを開く" in page
    paper = clerk.get(f"/certificates/{new.pk}/paper/")
    assert "再交付" in "".join(PdfReader(io.BytesIO(paper.content)).pages[0].extract_text().split())
    assert {("changed", "101"), ("printed", "101")} <= set(events())
    again = clerk.post(address + "reissue/", {"reason": "紛失"})  # from the page of the old one: replaces the new one
    assert again.status_code == 302
    assert Certificate.objects.using("subsidy").filter(atena_no="101", state="issued").count() == 1


def test_a_mass_print_has_no_page_of_its_own(papers, city, office):
    for number, recipient in (("103", "0000034"), ("104", "0000042")):
        city.person(number)
        city.entitled(number, recipient)
    office.run("issue-certificates", scheme=city.HITORIOYA, on=date(2026, 4, 2))
    clerk, printed = signed_in("clerk"), Certificate.objects.using("subsidy").get(atena_no="103")
    assert "PDFを開く" not in body(clerk.get(f"/certificates/{printed.pk}/"))
    assert clerk.get(f"/certificates/{printed.pk}/paper/").status_code == 404
    assert clerk.get("/certificates/99999999999999999999999/").status_code == 404


def test_head_office_takes_the_bundles_of_a_run_and_everybody_on_them_is_on_record(papers, city, office):
    city.person("103", household_no="2")
    city.entitled("103", "0000034")
    mailed = office.run("issue-certificates", scheme=city.HITORIOYA, on=date(2026, 4, 2)).pk
    by_hand, head = papers["101"].run_id, signed_in("head_office")
    # certificates and register; with labels where nobody is under 支援措置 (of a household: all of it)
    for run_id, number, people in ((by_hand, 2, ["101", "102"]), (mailed, 3, ["103"])):
        text = body(head.get(f"/runs/{run_id}/"))
        files = OutboundFile.objects.using("subsidy").filter(run_id=run_id)
        assert len(files) == number
        for file in files:
            address, before = f"/runs/{run_id}/papers/{file.pk}/", len(events())
            assert f'href="{address}"' in text
            response = head.get(address)
            assert response.content.startswith(b"%PDF")
            assert "attachment" in response["Content-Disposition"]
            assert events()[before:] == [("printed", person) for person in people]
    assert head.get(f"/runs/{by_hand}/papers/{file.pk}/").status_code == 404
    for role in ("operator", "reviewer", "auditor"):
        assert signed_in(role).get(address).status_code == 403
    ward = signed_in("head_office", offices=["141313"], personal_id="ward-head")
    assert ward.get(address).status_code == 404
    assert "papers/" not in body(ward.get(f"/runs/{mailed}/"))


def test_a_paper_comes_back_once_and_not_tomorrow(papers):
    clerk, paper = signed_in("clerk"), papers["101"]
    address = f"/certificates/{paper.pk}/return/"
    tomorrow = clerk.post(address, {"returned_on": f"{today() + timedelta(days=1)}"})
    assert "今日より後" in body(tomorrow)
    assert "交付日" in body(clerk.post(address, {"returned_on": "2026-03-31"}))
    assert clerk.post(address, {"returned_on": "令和8年4月2日"}).status_code == 302
    assert "返還済み" in body(clerk.get(f"/certificates/{paper.pk}/"))
    again = clerk.post(address, {"returned_on": "R8.4.3"})
    assert "令和8年4月2日に返還済みです(試験 職員(" in body(again)
    assert 'value="R8.4.3"' in body(again)  # what was typed stands


@pytest.mark.parametrize(("role", "status"), [("payment_drafter", 403), ("auditor", 403), ("head_office", 200)])
def test_who_sees_certificates(city, role, status):
    assert signed_in(role).get("/certificates/").status_code == status


def test_head_office_looks_and_does_not_print(papers):
    head = signed_in("head_office")
    address = f"/certificates/{papers['101'].pk}/"
    assert "再交付する" not in body(head.get(address))
    for verb in ("reissue", "return"):
        assert head.post(f"{address}{verb}/").status_code == 403
    assert head.get(address + "paper/").status_code == 403
