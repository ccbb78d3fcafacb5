"""A change told at the counter: its effect is shown first, then recorded exactly as shown, and its papers are made."""

import re
from datetime import date, datetime

import pytest
from django.db import DatabaseError, transaction

from tasuke.deploy.clock import TOKYO
from tasuke.platform.audit.models import AuditEvent
from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.desk.models import Notification, NotificationKind, Sheet
from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement, InsuranceCheck
from tasuke.systems.subsidy.profile import active_profile, set_profile
from tasuke.systems.subsidy.registry.models import (
    Account,
    Insurance,
    MailingAddress,
    NameOnPapers,
    Relation,
    ResidentRecord,
    SingleParentStatus,
)

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
NOW = datetime(2026, 4, 1, 9, tzinfo=TOKYO)
OTHER_WARD = "141330"
FATHER, CHILD = "0000000010", "0000000011"
HEAD = {"received_on": "R8.11.24", "channel": "1", "notifier_atena_no": FATHER, "seen": "0", "digest": ""}
INSURANCE = {
    "act": "joined", "effective_on": "R8.11.1", "insurance_kind": "3", "insurer_no": "01130012", "symbol": "1234",
    "number": "56", "branch_no": "02", "insured_relation": "2", "benefit_rate": "70",
}  # fmt: skip
ACCOUNT = {
    "payee": FATHER, "effective_on": "R8.11.24", "bank_code": "0138", "branch_code": "310", "account_kind": "1",
    "account_no": "1234567", "holder_kana": "タカハシ タロウ",
}  # fmt: skip
LOSS = {"schemes": ["kawasaki-shoni"], "effective_on": "R8.11.24", "loss_code": "6"}
MAILING = {
    "act": "set", "effective_on": "R8.11.24", "relation": "3", "postal_code": "210-0000",
    "address": "川崎市川崎区東田町1番地", "addressee": "甲野法律事務所",
}  # fmt: skip


@pytest.fixture
def family(people, tmp_path, monkeypatch):
    """A child whose entitlement the rules themselves gave, so that nothing but a 届出 changes it."""
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    people.resident(FATHER, "髙橋　太郎", relationship="世帯主", relationship_code="02", sex="1",
                    birth_date=date(1985, 5, 5), name_kana="タカハシ　タロウ")  # fmt: skip
    people.resident(CHILD)
    for no in (CHILD, FATHER):
        Insurance.objects.using("subsidy").create(
            atena_no=no, insurance_kind="1", insurer_no="140012", symbol="宮", number="99", insured_relation="2",
            benefit_rate=80, valid=(date(2020, 4, 1), None), recorded_from=NOW, source="nhi_feed",
        )  # fmt: skip
    return people


@pytest.fixture
def entitled(family, browser):
    """… since October, with the certificate in hand, all made by the screens."""
    paper = {
        "scheme": "kawasaki-shoni", "kind": "1", "received_on": "R8.10.1", "channel": "1", "reason": "9",
        "event_date": "R8.10.1", "applicant_atena_no": FATHER, "role": "1", "breadwinner_atena_no": FATHER, "save": "1",
    }  # fmt: skip
    browser().post(f"/applications/new/{CHILD}/", paper)
    sheet = Sheet.objects.using("subsidy").get()
    second = browser("reviewer")
    second.post(f"/applications/sheets/{sheet.pk}/check/", {"version": sheet.version})
    application = Application.objects.using("subsidy").get()
    second.post(f"/applications/{application.pk}/decide/", {"outcome": "eligible"})
    second.post(f"/applications/{application.pk}/certificate/")
    assert Certificate.objects.using("subsidy").get().state == "issued"
    return family


def address(kind, person=CHILD):
    return f"/notifications/new/{person}/{kind}/"


def preview(client, kind, data, person=CHILD, **changes):
    page = client.post(address(kind, person), {**HEAD, **data, "preview": "1", **changes})
    assert page.status_code == 200, dict(page.context["form"].errors)
    return page


def save(client, kind, data, person=CHILD, **changes):
    """Look at the effect, then record it."""
    shown = preview(client, kind, data, person, **changes)
    digest = shown.context["digest"]
    page = client.post(address(kind, person), {**HEAD, **data, "save": "1", "digest": digest, **changes})
    assert page.status_code == 302, page.content.decode()
    return Notification.objects.using("subsidy").latest("pk")


def now_of(model, person=CHILD):
    return list(model.objects.using("subsidy").filter(atena_no=person, recorded_to=None).order_by("pk"))


def verdicts(effect):
    return [(row["scheme"], row["verdict"], row["own"]) for row in effect["entitlements"]]


@pytest.mark.parametrize("kind", ["mailing_address", "name", "insurance", "family", "account", "single_parent", "loss"])
def test_each_form_opens_with_the_paper_in_order(entitled, browser, at_most, kind):
    client = browser()
    with at_most(15):
        page = client.get(address(kind))
    html = page.content.decode()
    assert page.status_code == 200
    for text in ("受付日", "届出人の宛名番号", "影響を確かめる", "令和8年11月24日"):
        assert text in html, text
    assert "このとおり保存する" not in html


def test_an_unknown_kind_and_another_ward_are_not_found(entitled, browser):
    assert browser().get(address("address")).status_code == 404
    assert browser(offices=[OTHER_WARD], personal_id="other-clerk").get(address("loss")).status_code == 404


def test_a_preview_writes_nothing(entitled, browser):
    page = preview(browser(), "insurance", INSURANCE)
    html = page.content.decode()
    assert "このとおり保存する" in html
    assert "受給資格は変わりません" in html
    assert "01130012" in html
    assert [i.insurer_no for i in now_of(Insurance)] == ["140012"]
    assert not Notification.objects.using("subsidy").exists()


def test_a_new_insurance_cuts_the_old_one_and_keeps_it(entitled, browser):
    told = save(browser(), "insurance", INSURANCE, also=[FATHER])
    old, new = now_of(Insurance)
    assert (old.insurer_no, old.valid.upper) == ("140012", date(2026, 11, 1))
    assert (new.insurer_no, new.valid.lower, new.valid.upper) == ("01130012", date(2026, 11, 1), None)
    assert (new.branch_no, new.source, new.benefit_rate) == ("02", "notification", 70)
    assert [i.branch_no for i in now_of(Insurance, FATHER)] == ["", ""]
    assert Insurance.objects.using("subsidy").filter(atena_no=CHILD).exclude(recorded_to=None).count() == 1
    assert told.effect["facts"][0]["after"]
    html = browser().get(f"/persons/{CHILD}/").content.decode()
    assert "01130012" in html
    assert "医療保険の変更" in html


def test_a_loss_calls_the_certificate_back_and_is_told_in_a_letter(entitled, browser):
    shown = preview(browser(), "loss", LOSS)
    assert verdicts(shown.context["effect"].as_json()) == [("kawasaki-shoni", "shorter", True)]
    assert "返してもらいます" in shown.content.decode()
    told = save(browser(), "loss", LOSS)
    assert Certificate.objects.using("subsidy").get().state == "recall"
    assert "返還依頼" in browser().get(f"/notifications/{told.pk}/").content.decode()
    decision = Decision.objects.using("subsidy").get(outcome="lost")
    sent = browser().post(f"/notifications/{told.pk}/notice/", {"decision": decision.pk}, follow=True)
    assert "作成済み" in sent.content.decode()
    assert Notice.objects.using("subsidy").get().decision_id == decision.pk
    forged = browser().post(f"/notifications/{told.pk}/notice/", {"decision": decision.pk + 1})
    assert forged.status_code == 404


def test_an_insurance_that_ends_later_holds_until_then(entitled, browser):
    data = {"act": "end", "effective_on": "R9.2.1"}
    shown = preview(browser(), "insurance", data)
    assert shown.context["effect"].later
    save(browser(), "insurance", data)
    assert [i.valid.upper for i in now_of(Insurance)] == [date(2027, 2, 1)]
    assert Certificate.objects.using("subsidy").get().state == "issued"


def test_an_insurance_that_ended_is_asked_after_and_the_next_one_answers(entitled, browser):
    ended = {"act": "end", "effective_on": "R8.11.20"}
    shown = preview(browser(), "insurance", ended)
    assert "保険確認中になります" in shown.content.decode()
    told = save(browser(), "insurance", ended)
    [check] = InsuranceCheck.objects.using("subsidy").filter(closed_on=None)
    assert (check.atena_no, check.missing_from) == (CHILD, date(2026, 11, 20))
    assert now_of(Entitlement)[0].loss_reason == ""
    assert "保険確認中" in browser().get(f"/persons/{CHILD}/").content.decode()
    joined = {**INSURANCE, "effective_on": "R8.11.20"}
    answered = save(browser(), "insurance", joined, seen=str(told.pk))
    assert [k["open"] for k in answered.effect["checks"]] == [False]
    assert not InsuranceCheck.objects.using("subsidy").filter(closed_on=None).exists()


def test_a_loss_told_today_ends_the_entitlement_today(entitled, browser):
    told = save(browser(), "loss", LOSS)
    [entitlement] = now_of(Entitlement)
    assert (entitlement.valid.upper, entitlement.loss_reason) == (date(2026, 11, 24), "本人の申出(辞退)")
    application = Application.objects.using("subsidy").get(kind="4")
    assert (application.state, application.application_no) == ("applied", told.number)


def test_a_loss_to_come_is_shown_by_its_day_and_waits_for_it(entitled, browser):
    data = {**LOSS, "effective_on": "R8.12.31"}
    shown = preview(browser(), "loss", data)
    assert shown.context["effect"].later
    assert verdicts(shown.context["effect"].as_json()) == [("kawasaki-shoni", "shorter", True)]
    save(browser(), "loss", data)
    assert Application.objects.using("subsidy").get(kind="4").state == "received"
    assert now_of(Entitlement)[0].loss_reason == ""
    assert Certificate.objects.using("subsidy").get().state == "issued"


def test_the_family_as_named_is_all_that_there_is(entitled, browser):
    Relation.objects.using("subsidy").create(
        atena_no=CHILD, scheme="kawasaki-shoni", kind="spouse", other_atena_no=FATHER,
        valid=(date(2020, 4, 1), None), recorded_from=NOW,
    )  # fmt: skip
    mother = "0000000012"
    entitled.resident(mother, "髙橋　花子", birth_date=date(1986, 1, 1))
    data = {"schemes": ["kawasaki-shoni"], "effective_on": "R8.11.1", "breadwinner_atena_no": mother}
    save(browser(), "family", data)
    known = {(r.kind, r.other_atena_no): r.valid.upper for r in now_of(Relation)}
    assert known["breadwinner", mother] is None
    assert known["breadwinner", FATHER] == date(2026, 11, 1)
    assert known["spouse", FATHER] == date(2026, 11, 1)


def test_an_account_is_that_of_the_payee(entitled, browser):
    shown = preview(browser(), "account", ACCOUNT)
    assert "支払を待っているものはありません" in shown.content.decode()
    assert "1234567" not in re.sub(r'value="1234567"', "", shown.content.decode())
    told = save(browser(), "account", ACCOUNT)
    assert accept(browser("reviewer"), told).status_code == 302
    assert now_of(Account, FATHER)[-1].account_no == "1234567"


def accept(client, told, **data):
    return client.post(f"/notifications/{told.pk}/check/", data or {"accept": "1"}, follow=bool(data))


def test_an_account_waits_for_another_person(entitled, browser, at_most):
    first = browser()
    told = save(first, "account", ACCOUNT)
    assert now_of(Account, FATHER) == []
    page = first.get(f"/notifications/{told.pk}/").content.decode()
    assert "照合を待っています" in page
    assert "紙のとおりなので反映する" not in page
    assert "入力した本人は照合できません" in accept(first, told, accept="1").content.decode()
    assert now_of(Account, FATHER) == []
    second = browser("reviewer")
    with at_most(15):
        assert f"届{told.pk:09d}" in second.get("/applications/").content.decode()
    assert "照合を待つ申請・届出" in second.get("/").content.decode()
    with at_most(15):
        page = second.get(f"/notifications/{told.pk}/").content.decode()
    assert "紙のとおりなので反映する" in page
    assert "1234567" in page  # what is compared is seen whole
    accept(second, told)
    assert "1234567" not in second.get(f"/notifications/{told.pk}/").content.decode()
    assert [a.account_no for a in now_of(Account, FATHER)] == ["1234567"]
    assert "照合を待っていません" in accept(second, told, accept="1").content.decode()
    other = browser("reviewer", offices=[OTHER_WARD], personal_id="other-reviewer")
    assert accept(other, told).status_code == 404


def test_a_dropped_account_changes_nothing_and_says_why(entitled, browser):
    client = browser()
    told = save(client, "account", ACCOUNT)
    assert "理由を入力" in accept(client, told, accept="0", remark=" ").content.decode()
    assert "打ち間違い" in accept(client, told, accept="0", remark="打ち間違い").content.decode()
    assert now_of(Account, FATHER) == []
    assert "照合を待っていません" in accept(browser("reviewer"), told, accept="1").content.decode()


def test_an_account_that_moved_meanwhile_is_not_overwritten_unseen(entitled, browser):
    told = save(browser(), "account", ACCOUNT)
    Account.objects.using("subsidy").create(
        atena_no=FATHER, bank_code="0001", branch_code="001", account_kind="1", account_no="7654321",
        holder_kana="タカハシ タロウ", valid=(date(2026, 4, 1), None), recorded_from=NOW,
    )  # fmt: skip
    assert "台帳の内容が変わりました" in accept(browser("reviewer"), told, accept="1").content.decode()
    assert [a.account_no for a in now_of(Account, FATHER)] == ["7654321"]


def test_a_single_parent_status_begins_and_ends(entitled, browser):
    begun = {"act": "status", "effective_on": "R8.4.1", "reason": "2", "since": "R8.4.1"}
    save(browser(), "single_parent", begun)
    assert now_of(SingleParentStatus)[0].valid.upper is None
    ended = {"act": "end", "effective_on": "R8.11.24"}
    save(browser(), "single_parent", ended, seen=str(Notification.objects.using("subsidy").latest("pk").pk))
    assert now_of(SingleParentStatus)[0].valid.upper == date(2026, 11, 24)


def test_letters_go_to_the_notified_address_and_the_register_stays(entitled, browser):
    save(browser(), "mailing_address", {**MAILING, "until": "R9.3.31"}, person=FATHER)
    [row] = now_of(MailingAddress, FATHER)
    assert row.valid.upper == date(2027, 4, 1)
    assert now_of(ResidentRecord, FATHER)[0].address == "川崎市宮前区宮前平２丁目２０番５号"
    inside = letter_persons(using="subsidy", on=date(2027, 3, 31)).filter(atena_no=FATHER).row(0, named=True)
    assert inside["printed_address"] == "川崎市川崎区東田町1番地 甲野法律事務所 気付"
    assert inside["postal_code"] == "2100000"
    after = letter_persons(using="subsidy", on=date(2027, 4, 1)).filter(atena_no=FATHER).row(0, named=True)
    assert after["printed_address"] == "川崎市宮前区宮前平２丁目２０番５号"


def test_a_protected_persons_mailing_address_stands_on_no_page_of_the_household(entitled, browser):
    entitled.protect(FATHER)
    told = save(browser(), "mailing_address", MAILING, person=FATHER)
    for page in (f"/persons/{FATHER}/", f"/persons/{CHILD}/", f"/notifications/{told.pk}/"):
        html = browser().get(page).content.decode()
        assert "東田町" not in html, page
    assert "東田町" in browser("head_office").get(f"/persons/{FATHER}/address/").content.decode()


def test_a_used_name_is_printed_on_a_new_certificate(entitled, browser):
    data = {"act": "alias", "effective_on": "R8.11.24", "name": "佐藤　はな", "name_kana": "サトウ　ハナ"}
    told = save(browser(), "name", data)
    assert now_of(NameOnPapers)[0].name == "佐藤　はな"
    assert [(c["act"], c["cause"]) for c in told.effect["certificates"]] == [("change", "氏名の変更")]
    form = {"scheme": "kawasaki-shoni", "person": CHILD}
    done = browser().post(f"/notifications/{told.pk}/certificate/", form, follow=True)
    assert "交付済み" in done.content.decode()
    old, new = Certificate.objects.using("subsidy").order_by("pk")
    assert (old.state, new.state, new.content["name"]) == ("replaced", "issued", "佐藤　はな")
    again = browser().post(f"/notifications/{told.pk}/certificate/", form, follow=True)
    assert "手元に正しい受給者証があります" in again.content.decode()


def test_a_reported_name_changes_nothing_that_the_register_says(entitled, browser):
    shown = preview(browser(), "name", {"act": "changed", "effective_on": "R8.11.24"})
    assert "住民情報の連携で届いてから" in shown.content.decode()
    assert not shown.context["effect"].facts


def test_nothing_is_saved_that_was_not_previewed(entitled, browser):
    client = browser()
    page = client.post(address("insurance"), {**HEAD, **INSURANCE, "save": "1"})
    assert page.status_code == 409
    assert "このとおり保存する" in page.content.decode()
    digest = page.context["digest"]
    other = {**INSURANCE, "insurer_no": "06139463"}
    moved = client.post(address("insurance"), {**HEAD, **other, "save": "1", "digest": digest})
    assert moved.status_code == 409
    assert "先ほど確かめたときと変わりました" in moved.content.decode()
    assert not Notification.objects.using("subsidy").exists()


def test_the_second_of_two_is_told_who_was_first_and_loses_nothing(entitled, browser):
    first, second = browser(), browser("reviewer")
    shown = preview(second, "insurance", {**INSURANCE, "note": "手書きのまま"})
    mine = {**HEAD, **INSURANCE, "note": "手書きのまま", "digest": shown.context["digest"], "save": "1"}
    theirs = save(first, "insurance", {**INSURANCE, "number": "77"})
    page = second.post(address("insurance"), mine)
    html = page.content.decode()
    assert page.status_code == 409
    for text in ("先に届出を記録しました", "手書きのまま", "試験 職員", 'value="56"'):
        assert text in html, text
    assert Notification.objects.using("subsidy").count() == 1
    again = {**mine, "seen": page.context["seen"], "digest": page.context["digest"]}
    assert page.context["seen"] == theirs.pk
    assert second.post(address("insurance"), again).status_code == 302
    assert now_of(Insurance)[-1].number == "56"


@pytest.mark.parametrize(
    ("kind", "data", "field", "words"),
    [
        ("insurance", {**INSURANCE, "effective_on": "令和8年2月30日"}, "effective_on", "日付として読めません"),
        ("insurance", {**INSURANCE, "effective_on": "R18.1.1"}, "effective_on", "年を確かめて"),
        ("insurance", {**INSURANCE, "effective_on": "H20.1.1"}, "effective_on", "生年月日"),
        ("insurance", {**INSURANCE, "insurer_no": "01130013"}, "insurer_no", "検査数字"),
        ("insurance", {**INSURANCE, "number": ""}, "number", "入力してください"),
        ("insurance", {**INSURANCE, "received_on": "R8.11.25"}, "received_on", "今日より後"),
        ("insurance", {**INSURANCE, "insured_atena_no": "0000000099"}, "insured_atena_no", "住民情報にいません"),
        ("insurance", {**INSURANCE, "also": ["0000000099"]}, "also", "正しく選択"),
        ("insurance", {**INSURANCE, "note": "番号は 1234 5678 9018 です"}, "note", "個人番号"),
        ("account", {**ACCOUNT, "branch_code": "999"}, "branch_code", "店舗999は今ありません"),
        ("account", {**ACCOUNT, "holder_kana": "漢字"}, "holder_kana", "漢"),
        ("account", {**ACCOUNT, "public_account": "on"}, "public_account", "どちらか"),
        ("account", {**ACCOUNT, "payee": "0000000099"}, "payee", "正しく選択"),
        ("loss", {**LOSS, "schemes": ["sapporo-kodomo"]}, "schemes", "正しく選択"),
        ("loss", {**LOSS, "schemes": []}, "schemes", "制度を選んで"),
        ("mailing_address", {**MAILING, "postal_code": "123"}, "postal_code", "7けた"),
        ("mailing_address", {**MAILING, "until": "R8.11.1"}, "until", "始まりの日より前"),
        ("name", {"act": "alias", "effective_on": "R8.11.24"}, "name", "入力してください"),
        ("family", {"schemes": ["kawasaki-shoni"], "effective_on": "R8.11.24"}, "breadwinner_atena_no", "必須"),
    ],
)
def test_a_mistake_stands_at_its_field_and_in_the_summary(entitled, browser, kind, data, field, words):
    page = browser().post(address(kind), {**HEAD, **data, "preview": "1"})
    assert page.status_code == 422
    told = " ".join(page.context["form"].errors.get(field, []))
    assert words in told or (words == "必須" and told), dict(page.context["form"].errors)
    html = page.content.decode()
    assert 'class="error-summary"' in html
    assert f'id="id_{field}_error"' in html


def test_what_was_recorded_is_never_rewritten(entitled, browser):
    told = save(browser(), "account", ACCOUNT)
    for change in (lambda q: q.update(channel="2"), lambda q: q.delete()):
        with pytest.raises(DatabaseError), transaction.atomic(using="subsidy"):
            change(Notification.objects.using("subsidy").filter(pk=told.pk))


def test_the_trail_says_who_recorded_for_whom_and_nothing_private(entitled, browser):
    save(browser(), "account", ACCOUNT)
    event = AuditEvent.objects.using("subsidy").filter(kind="changed", atena_no=FATHER).latest("pk")
    assert event.personal_id == "test-clerk"
    assert "account" in event.detail
    assert "1234567" not in event.detail


def test_a_notification_page_costs_few_statements_and_stays_in_its_ward(entitled, browser, at_most):
    told = save(browser(), "loss", LOSS)
    client = browser()
    with at_most(15):
        assert client.get(f"/notifications/{told.pk}/").status_code == 200
    other = browser(offices=[OTHER_WARD], personal_id="other-clerk")
    assert other.get(f"/notifications/{told.pk}/").status_code == 404


def test_a_retroactive_loss_holds_from_the_day_that_was_told(entitled, browser):
    told = save(browser(), "loss", {**LOSS, "effective_on": "R8.11.10"})
    assert verdicts(told.effect) == [("kawasaki-shoni", "shorter", True)]
    assert now_of(Entitlement)[0].valid.upper == date(2026, 11, 10)
    never = save(browser(), "loss", {**LOSS, "effective_on": "R8.9.1"}, seen=str(told.pk))
    assert verdicts(never.effect) == []


@pytest.fixture
def all_checked(entitled):
    """A municipality that wants every 届出 compared with the paper by a second person."""
    profile = active_profile()
    kinds = [str(kind) for kind in NotificationKind]
    wanted = profile.processing.model_copy(update={"checked_notifications": kinds})
    set_profile(profile.model_copy(update={"processing": wanted}))
    return entitled


def test_a_loss_that_waits_changes_nothing_until_another_person_compared_it(all_checked, browser):
    first = browser()
    told = save(first, "loss", LOSS)
    assert now_of(Entitlement)[0].valid.upper > date(2026, 11, 24)
    assert Certificate.objects.using("subsidy").get().state == "issued"
    page = first.get(f"/notifications/{told.pk}/").content.decode()
    assert "照合まで、資格は今のままです" in page
    assert "受給資格消滅通知書" not in page
    assert "入力した本人は照合できません" in accept(first, told, accept="1").content.decode()
    accept(browser("reviewer"), told)
    assert now_of(Entitlement)[0].valid.upper == date(2026, 11, 24)
    assert Certificate.objects.using("subsidy").get().state == "recall"
    page = browser("reviewer").get(f"/notifications/{told.pk}/").content.decode()
    assert "通知書を作る" in page  # the letter of what was decided at the check


def test_each_kind_waits_where_the_municipality_wants_it(all_checked, browser):
    save(browser(), "insurance", INSURANCE)
    told = save(browser(), "mailing_address", MAILING, person=FATHER)
    assert [i.insurer_no for i in now_of(Insurance)] == ["140012"]
    assert now_of(MailingAddress, FATHER) == []
    for waiting in Notification.objects.using("subsidy").order_by("pk"):
        accept(browser("reviewer"), waiting)
    assert now_of(Insurance)[-1].insurer_no == "01130012"
    assert now_of(MailingAddress, FATHER)[0].addressee == "甲野法律事務所"
    assert told.needs_check


def test_an_entitlement_that_moved_meanwhile_is_not_ended_unseen(all_checked, browser):
    told = save(browser(), "loss", LOSS)
    Entitlement.objects.using("subsidy").filter(atena_no=CHILD).update(valid=(date(2026, 10, 1), date(2026, 12, 1)))
    assert "台帳の内容が変わりました" in accept(browser("reviewer"), told, accept="1").content.decode()
    assert now_of(Entitlement)[0].valid.upper == date(2026, 12, 1)


def test_a_protected_persons_new_address_is_compared_by_whoever_may_see_it(all_checked, browser):
    all_checked.protect(FATHER)
    told = save(browser(), "mailing_address", MAILING, person=FATHER)
    page = f"/notifications/{told.pk}/"
    second = browser("reviewer", personal_id="second-person")
    assert "東田町" not in second.get(page).content.decode()
    assert accept(second, told).status_code == 404
    second = browser("head_office", personal_id="second-person")  # in addition: may see such addresses
    assert "東田町" in second.get(page).content.decode()
    assert AuditEvent.objects.using("subsidy").filter(detail__contains="protected-address").exists()
    accept(second, told)
    assert now_of(MailingAddress, FATHER)[0].addressee == "甲野法律事務所"
    assert "東田町" not in second.get(page).content.decode()
