"""A paper at the counter: typed, compared by a second person, assessed, decided, and the certificate in hand."""

import io
from datetime import date, datetime

import pytest
from django.db import IntegrityError, connections, transaction
from pypdf import PdfReader

from tasuke.deploy.clock import TOKYO
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.desk.models import Sheet
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement
from tasuke.systems.subsidy.registry.models import Account, Insurance, Relation

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
NOW = datetime(2026, 4, 1, 9, tzinfo=TOKYO)
OTHER_WARD = "141330"
FATHER, CHILD = "0000000010", "0000000011"


@pytest.fixture
def family(people, tmp_path, monkeypatch):
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    people.resident(FATHER, "髙橋　太郎", relationship="世帯主", relationship_code="02", sex="1",
                    birth_date=date(1985, 5, 5), name_kana="タカハシ　タロウ")  # fmt: skip
    people.resident(CHILD)
    Insurance.objects.using("subsidy").create(
        atena_no=CHILD, insurance_kind="1", insurer_no="140012", symbol="宮", number="99", insured_relation="2",
        benefit_rate=80, valid=(date(2020, 4, 1), None), recorded_from=NOW, source="nhi_feed",
    )  # fmt: skip
    return people


def typed(**changes):
    values = {
        "scheme": "kawasaki-shoni", "kind": "1", "received_on": "令和8年11月24日", "channel": "1", "reason": "9",
        "event_date": "R8.11.24", "applicant_atena_no": FATHER, "role": "1", "breadwinner_atena_no": FATHER,
        "bank_code": "0138", "branch_code": "110", "account_kind": "1", "account_no": "1234567",
        "account_holder_kana": "タカハシ タロウ", "save": "1",
    }  # fmt: skip
    return {k: v for k, v in {**values, **changes}.items() if v is not None}


def save(client, **changes):
    response = client.post(f"/applications/new/{CHILD}/", typed(**changes))
    assert response.status_code == 302, response.content.decode()
    return Sheet.objects.using("subsidy").latest("pk")


def accept(client, sheet):
    return client.post(f"/applications/sheets/{sheet.pk}/check/", {"version": sheet.version}, follow=True)


def messages_of(response):
    return " ".join(str(m) for m in response.context["messages"])


def test_the_form_knows_what_the_register_knows(family, browser):
    html = browser().get(f"/applications/new/{CHILD}/").content.decode()
    for text in ('value="140012"', 'value="令和8年11月24日"', f'value="{FATHER}"', "髙橋　太郎 世帯主"):
        assert text in html, text


def test_from_the_paper_to_the_certificate_with_two_people(family, browser):
    sheet = save(browser())
    assert sheet.content["received_on"] == "2026-11-24"
    second = browser("reviewer")
    html = second.get(f"/applications/sheets/{sheet.pk}/check/").content.decode()
    for text in ("紙と照合して受け付ける", "令和8年11月24日", "小児医療費助成", f"{FATHER}(髙橋　太郎)"):
        assert text in html, text
    accept(second, sheet)
    application = Application.objects.using("subsidy").get()
    assert (application.atena_no, application.state, application.application_no) == (CHILD, "received", sheet.number)
    assert Relation.objects.using("subsidy").filter(kind="breadwinner", other_atena_no=FATHER).exists()
    assert Account.objects.using("subsidy").get().holder_kana == "タカハシ タロウ"
    page = second.get(f"/applications/{application.pk}/assess/")
    assert page.context["trial"].outcome == "eligible", page.context["trial"]
    assert "適用する規則" in page.content.decode()
    assert "根拠 川崎市" in page.content.decode()
    assert not Decision.objects.using("subsidy").exists()
    decided = second.post(f"/applications/{application.pk}/decide/", {"outcome": "eligible"}, follow=True)
    assert "該当として決定しました" in messages_of(decided)
    assert Entitlement.objects.using("subsidy").get().atena_no == CHILD
    issued = second.post(f"/applications/{application.pk}/certificate/", follow=True)
    assert "交付しました" in messages_of(issued)
    pdf = second.get(f"/applications/{application.pk}/certificate/")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    again = second.post(f"/applications/{application.pk}/certificate/", follow=True)
    assert "再交付" in messages_of(again)
    assert Certificate.objects.using("subsidy").count() == 1


def test_who_typed_it_cannot_compare_it(family, browser):
    client = browser("reviewer")
    sheet = save(client)
    assert "照合できません" in messages_of(accept(client, sheet))
    assert not Application.objects.using("subsidy").exists()


def test_the_database_refuses_one_person_for_both(family, browser):
    sheet = save(browser())
    with pytest.raises(IntegrityError), transaction.atomic(using="subsidy"):
        Sheet.objects.using("subsidy").filter(pk=sheet.pk).update(checked_by=sheet.changed_by, checked_at=NOW)


def test_a_trial_writes_nothing(family, browser):
    client = browser("reviewer")
    page = client.post(f"/applications/new/{CHILD}/", typed(save=None, preview="1"))
    assert page.status_code == 200, page.content.decode()
    assert page.context["trial"].outcome == "eligible"
    assert not Application.objects.using("subsidy").exists()
    assert not Sheet.objects.using("subsidy").exists()
    assert not Relation.objects.using("subsidy").exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("event_date", "令和8年2月30日", "日付として読めません"),
        ("applicant_atena_no", "0000000099", "住民情報にいません"),
        ("insurer_no", "14001", "5桁"),
        ("bank_code", "138", "4けた"),
        ("account_no", "", "口座の項目"),
        ("scheme", "sapporo-kodomo", "正しく選択してください"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_typed_is_lost(family, browser, field, value, words):
    page = browser().post(f"/applications/new/{CHILD}/", typed(**{field: value}, note="手書きのまま", number="99"))
    html = page.content.decode()
    assert page.status_code == 422
    assert words in " ".join(page.context["form"].errors.get(field, [])), page.context["form"].errors
    assert 'class="error-summary"' in html
    assert "手書きのまま" in html


def test_what_is_typed_is_kept_in_the_form_in_which_the_registers_keep_it(family, browser):
    sheet = save(browser(), note="\ufa19田さんの代理", missing_documents="\ufa19田さんの委任状")
    assert (sheet.content["note"], sheet.content["missing_documents"]) == (
        "神\ufe00田さんの代理",
        "神\ufe00田さんの委任状",
    )


def test_what_may_be_wrong_is_told_and_does_not_stop(family, browser):
    client = browser()
    sheet = save(client, insurer_no="140013", number="99")
    page = client.get(f"/applications/sheets/{sheet.pk}/check/")
    assert page.context["warnings"]
    assert page.context["warnings"][0] in page.content.decode()


def test_the_second_of_two_editors_is_told_and_loses_nothing(family, browser):
    first, second = browser(), browser("reviewer")
    sheet = save(first)
    address = f"/applications/sheets/{sheet.pk}/"
    assert first.post(address, typed(note="一人目", version=1)).status_code == 302
    page = second.post(address, typed(note="二人目", version=1))
    assert page.status_code == 409
    html = page.content.decode()
    assert "が先に保存しました" in html
    assert "備考: 一人目" in html
    assert 'value="二人目"' in html
    assert 'name="version" value="2"' in html
    assert second.post(address, typed(note="二人目", version=2)).status_code == 302
    sheet.refresh_from_db()
    assert sheet.content["note"] == "二人目"


def test_what_was_changed_after_it_was_opened_is_not_accepted(family, browser):
    sheet = save(browser())
    browser().post(f"/applications/sheets/{sheet.pk}/", typed(note="直した", version=1))
    assert "変更しました" in messages_of(accept(browser("reviewer"), sheet))


def test_a_sheet_goes_back_with_a_reason(family, browser):
    sheet = save(browser())
    second = browser("reviewer")
    missing = second.post(f"/applications/sheets/{sheet.pk}/check/", {"back": "1", "remark": ""})
    assert missing.status_code == 422
    second.post(f"/applications/sheets/{sheet.pk}/check/", {"back": "1", "remark": "生年月日が違う"})
    assert "生年月日が違う" in browser().get("/applications/").content.decode()


def test_an_application_can_be_held_and_withdrawn_until_it_is_decided(family, browser):
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    client = browser("reviewer")
    client.post(f"/applications/{pk}/hold/", {"missing": "課税証明書"})
    assert Application.objects.using("subsidy").get().state == "held"
    assert "課税証明書" in client.get(f"/applications/{pk}/").content.decode()
    client.post(f"/applications/{pk}/withdraw/")
    assert Application.objects.using("subsidy").get().state == "withdrawn"
    again = client.post(f"/applications/{pk}/decide/", {"outcome": "eligible"}, follow=True)
    assert "決定できません" in messages_of(again)


def test_the_second_who_holds_is_told_who_was_first_and_loses_nothing(family, browser):
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    first, second = browser("reviewer"), browser()
    assert second.get(f"/applications/{pk}/assess/").status_code == 200
    first.post(f"/applications/{pk}/hold/", {"missing": "課税証明書", "seen": ""})
    page = second.post(f"/applications/{pk}/hold/", {"missing": "委任状", "seen": ""})
    html = page.content.decode()
    assert page.status_code == 409
    for text in ("試験 職員(test-reviewer)が先に保留にしました", "課税証明書", 'value="委任状"'):
        assert text in html, text
    assert Application.objects.using("subsidy").get().missing_documents == "課税証明書"
    again = second.post(f"/applications/{pk}/hold/", {"missing": "委任状", "seen": page.context["seen"]})
    assert again.status_code == 302
    assert Application.objects.using("subsidy").get().missing_documents == "委任状"
    empty = second.post(f"/applications/{pk}/hold/", {"missing": "", "seen": "委任状"})
    assert empty.status_code == 422
    assert 'class="error-summary"' in empty.content.decode()


def test_every_page_of_an_application_costs_few_statements(family, browser, at_most):
    sheet = save(browser())
    client = browser("reviewer")
    for address in (f"/applications/new/{CHILD}/", f"/applications/sheets/{sheet.pk}/", "/applications/"):
        with at_most(15):
            assert client.get(address).status_code == 200
    with at_most(15):
        assert client.get(f"/applications/sheets/{sheet.pk}/check/").status_code == 200
    accept(client, sheet)
    pk = Application.objects.using("subsidy").get().pk
    with at_most(15):
        assert client.get(f"/applications/{pk}/").status_code == 200
    for address in (f"/persons/{CHILD}/", f"/persons/{CHILD}/income/", "/", "/persons/"):
        with at_most(15):
            assert client.get(address).status_code == 200
    head = browser("head_office")
    with at_most(15):
        assert head.get(f"/persons/{CHILD}/address/").status_code == 200


def test_a_rejection_is_told_with_the_way_to_object(family, browser, people):
    Insurance.objects.using("subsidy").update(valid=(date(2020, 4, 1), date(2026, 10, 1)))  # insured no longer
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    client = browser("reviewer")
    assert "まだ決定していません" in messages_of(client.post(f"/applications/{pk}/notice/", follow=True))
    client.post(f"/applications/{pk}/decide/", {"outcome": "rejected"})
    assert Decision.objects.using("subsidy").get().outcome == "rejected"
    told = client.post(f"/applications/{pk}/notice/", follow=True)
    assert "通知書を作りました" in messages_of(told)
    pdf = client.get(f"/applications/{pk}/notice/")
    text = "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert "審査請求" in text
    assert "医療保険に加入していません" in text
    assert "作成済み" in messages_of(client.post(f"/applications/{pk}/notice/", follow=True))
    assert Notice.objects.using("subsidy").count() == 1


def test_what_changed_since_the_assessment_is_not_decided(family, browser):
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    client = browser("reviewer")
    told = client.post(f"/applications/{pk}/decide/", {"outcome": "rejected"}, follow=True)
    assert "台帳の内容が変わりました" in messages_of(told)
    assert not Decision.objects.using("subsidy").exists()


def test_a_clerk_cannot_decide(family, browser):
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    assert browser().post(f"/applications/{pk}/decide/", {"outcome": "eligible"}).status_code == 403


@pytest.mark.parametrize("limits", [{"offices": [OTHER_WARD]}, {"schemes": ["kawasaki-hitorioya"]}])
def test_other_wards_and_other_schemes_stay_closed(family, browser, limits):
    first = save(browser())
    accept(browser("reviewer", personal_id="test-second"), first)
    second = save(browser(), note="二枚目")
    pk = Application.objects.using("subsidy").get().pk
    client = browser("reviewer", **limits)
    for address in (f"{pk}/", f"{pk}/assess/", f"sheets/{second.pk}/", f"sheets/{second.pk}/check/"):
        assert client.get(f"/applications/{address}").status_code == 404, address
    for address in ("decide/", "withdraw/", "hold/", "certificate/"):
        assert client.post(f"/applications/{pk}/{address}").status_code == 404, address
    assert str(first.number) not in client.get("/applications/").content.decode()


def test_the_person_of_the_page_counts_not_one_of_the_form(family, browser):
    sheet = save(browser(), person_atena_no=FATHER, atena_no=FATHER, state="received", checked_by="x")
    assert (sheet.content["person_atena_no"], sheet.state, sheet.checked_by) == (CHILD, "draft", "")


def test_pages_take_at_most_fifteen_statements(family, browser, at_most):
    accept(browser("reviewer"), save(browser()))
    pk = Application.objects.using("subsidy").get().pk
    client = browser("reviewer")
    for address in ("/applications/", f"/applications/{pk}/", f"/applications/new/{CHILD}/"):
        client.get(address)
        with at_most(15):
            assert client.get(address).status_code == 200


def test_every_change_is_on_record(family, browser):
    accept(browser("reviewer"), save(browser()))
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT action, atena_no FROM audit_event WHERE kind = 'changed' ORDER BY id")
        assert cursor.fetchall() == [("receive-application", CHILD), ("check-application", CHILD)]
