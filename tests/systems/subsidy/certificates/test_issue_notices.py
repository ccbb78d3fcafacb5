from datetime import date

import pytest
from django.db import IntegrityError, transaction

import tasuke.systems.subsidy.certificates.jobs as jobs
from tasuke.systems.subsidy.certificates.jobs import issue_notices
from tasuke.systems.subsidy.certificates.models import Certificate, Notice
from tasuke.systems.subsidy.entitlements.models import InsuranceCheck
from tasuke.systems.subsidy.registry.models import MailingAddress, Relation, ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
ON = date(2026, 4, 20)


@pytest.fixture
def family(city):
    city.person("101", name="髙橋 葛󠄀之介")
    city.person("201", name="髙橋 太郎", birth=date(1985, 1, 1), address="川崎市架空区架空町2", postal_code="2100002")


@pytest.fixture
def rejected(city, family):
    application = city.application("101", "201")
    return city.decision(
        "101", outcome="rejected", reasons=["INCOME_OVER", "UNCONFIRMED_RULE"], application_id=application.pk,
        income_year=2025, net_income=3_456_000, income_limit=2_300_000, deciding_subject="201",
    )  # fmt: skip


def letters(office):
    return [f for f in office.files("notices") if f.name.startswith("通知書")]


def send(office, on=ON):
    return office.run("issue-notices", on=on)


def test_a_rejection_says_why_with_both_amounts_and_how_to_object(office, rejected):
    run = send(office)
    assert run.counts == {"通知": 1, "うち手渡し(支援措置)": 0, "通知した対象者": 1}
    (text,) = office.pages(letters(office)[0])
    for words in (
        "申請却下通知書", "髙橋太郎様", "〒210-0002", "髙橋葛󠄀之介", "所得が限度額を超えています", "2,300,000円",
        "3,456,000円", "令和7年中の所得(令和8年度課税)", "審査請求", "令和8年4月20日", "川崎区役所",
        "ひとり親家庭等医療費助成条例",
    ):  # fmt: skip
        assert words in text, words
    assert "未確認の規則" not in text
    notice = Notice.objects.get()
    assert (notice.kind, notice.addressee_atena_no, notice.page) == ("rejection", "201", 1)


def test_the_income_of_another_household_is_not_in_the_letter(office, city, rejected):
    city.person("301", name="髙橋 祖父", birth=date(1955, 1, 1), household_no="2")
    type(rejected).objects.filter(pk=rejected.pk).update(deciding_subject="301")
    send(office)
    (text,) = office.pages(letters(office)[0])
    assert "2,300,000円" in text
    assert "3,456,000" not in text


def test_a_loss_tells_the_last_day_and_asks_for_the_paper(office, city, family):
    city.application("101", "201")
    gone = {"outcome": "lost", "kind": "change", "reasons": ["NOT_RESIDENT"]}
    city.decision("101", **gone, start=date(2025, 1, 1), end=date(2026, 4, 10))
    ResidentRecord.objects.filter(atena_no="101").update(resident_status="2")
    send(office)
    (text,) = office.pages(letters(office)[0])
    for words in ("受給資格消滅通知書", "令和8年4月10日から(令和8年4月9日まで", "市外へ転出しました", "お返しください"):
        assert words in text, words


def test_an_insurance_is_asked_after_before_anything_is_lost(office, city, family):
    city.application("101", "201")
    held = city.decision("101", outcome="pending", kind="change", reasons=["NOT_INSURED"], start=date(2025, 1, 1))
    asked = InsuranceCheck.objects.create(
        scheme=city.HITORIOYA, atena_no="101", missing_from=date(2026, 3, 1), opened_on=date(2026, 3, 31),
        due_on=date(2026, 5, 15), decision=held,
    )  # fmt: skip
    send(office)
    (text,) = office.pages(letters(office)[0])
    for words in (
        "医療保険の確認のお願い",
        "令和8年2月28日で資格が終わりました",
        "令和8年5月15日",
        "今の証はお使いになれます",
    ):
        assert words in text, words
    assert "審査請求" not in text
    assert Notice.objects.get().kind == "insurance"
    Notice.objects.all().delete()
    InsuranceCheck.objects.filter(pk=asked.pk).update(closed_on=date(2026, 4, 30), result="continued")
    send(office, date(2026, 5, 20))
    assert not Notice.objects.exists()


def test_a_return_is_told_with_the_time_without(office, city, family):
    city.application("101", "201")
    city.decision(
        "101", outcome="lost", kind="change", reasons=["NOT_INSURED"], start=date(2025, 1, 1), end=date(2026, 3, 1)
    )
    city.decision("101", kind="restored", start=date(2026, 3, 10))
    send(office)
    (text,) = office.pages(letters(office)[0])
    for words in (
        "受給資格回復(再認定)通知書",
        "令和8年3月10日から",
        "令和8年3月1日から令和8年3月9日まで",
        "変わりません",
    ):
        assert words in text, words
    assert [n.kind for n in Notice.objects.all()] == ["restored"]  # one letter for both


def test_a_return_without_a_gap_is_told_only_to_who_was_told_of_the_loss(office, city, family):
    city.application("101", "201")
    gone = {"outcome": "lost", "kind": "change", "reasons": ["NOT_INSURED"], "end": date(2026, 3, 1)}
    city.decision("101", **gone, start=date(2025, 1, 1))
    city.decision("101", kind="restored", start=date(2026, 3, 1))
    send(office)
    assert not Notice.objects.exists()
    city.decision("101", **gone, start=date(2025, 1, 1), decided_on=date(2026, 4, 30))
    send(office, date(2026, 4, 30))
    city.decision("101", kind="restored", start=date(2026, 3, 1), decided_on=date(2026, 5, 31))
    send(office, date(2026, 5, 31))
    assert [n.kind for n in Notice.objects.order_by("id")] == ["loss", "restored"]


def test_a_renewal_that_fails_is_a_refusal_of_a_new_paper(office, city, family):
    city.application("101", "201")
    city.decision("101", outcome="rejected", kind="renewal", reasons=["INCOME_OVER"], income_limit=1, net_income=2)
    send(office)
    assert "不交付決定通知書" in office.pages(letters(office)[0])[0]


def test_a_question_says_what_to_do_and_carries_no_instruction(office, city, family):
    application = city.application("101", "201")
    asked = ["INCOME_UNDECLARED", "INCOME_UNKNOWN"]
    city.decision("101", outcome="pending", reasons=asked, application_id=application.pk)
    send(office)
    (text,) = office.pages(letters(office)[0])
    assert "市民税の申告" in text
    assert "証明書" in text
    assert "審査請求" not in text


def test_what_a_later_decision_settled_needs_no_letter(office, city, family):
    city.application("101", "201")
    city.decision("101", outcome="pending", reasons=["INCOME_UNKNOWN"])
    city.decision("101", outcome="lost", reasons=["NOT_INSURED"], start=date(2026, 1, 1), end=date(2026, 4, 1))
    city.decision("101", outcome="eligible", kind="correction", start=date(2026, 4, 1))
    run = send(office)
    assert run.plan["後の決定により不要"] == 2
    assert Notice.objects.count() == 0


def test_a_protected_childs_letter_is_set_aside(office, city, rejected):
    city.person("102", name="﨑山 花子", birth=date(1990, 1, 1), household_no="2")
    city.decision("102", outcome="rejected", reasons=["NOT_SINGLE_PARENT"])
    city.protect("101")
    MailingAddress.objects.create(
        atena_no="201", valid=(date(2026, 1, 1), None), relation="2", addressee="保護施設", postal_code="2100009",
        address="川崎市架空町9", recorded_from=city.NOW,
    )  # fmt: skip
    run = send(office)
    assert run.counts == {"通知": 2, "うち手渡し(支援措置)": 1, "通知した対象者": 2}
    mailed, by_hand = letters(office)
    assert "髙橋" not in "".join(office.pages(mailed))
    assert "手渡し" in by_hand.name
    handed = "".join(office.pages(by_hand))
    assert "(手渡し)" in handed
    assert "架空町" not in handed  # neither the address nor a 送付先: who prints it need not know
    assert "保護施設" not in handed
    lists = [f for f in office.files("notices") if f.name.startswith("通知簿")]
    assert "架空町" not in "".join("".join(office.pages(f)) for f in lists)
    assert Notice.objects.get(atena_no="101").hand_delivery


def test_a_letter_to_a_protected_parent_is_set_aside_too(office, city, rejected):
    city.protect("201")
    assert send(office).counts["うち手渡し(支援措置)"] == 1


def test_a_letter_to_a_household_with_a_protected_person_is_set_aside(office, city, rejected):
    """Neither the child nor its father is: the grandmother who lives with them."""
    city.person("301", name="髙橋 祖母", birth=date(1955, 1, 1))
    city.protect("301")
    assert send(office).counts["うち手渡し(支援措置)"] == 1


def test_a_letter_about_the_income_of_a_protected_person_is_set_aside(office, city, rejected):
    """Of another household: the name is not in it, but it is about them."""
    city.person("301", name="髙橋 祖父", birth=date(1955, 1, 1), household_no="2")
    type(rejected).objects.filter(pk=rejected.pk).update(deciding_subject="301")
    city.protect("301")
    assert send(office).counts["うち手渡し(支援措置)"] == 1


def test_one_letter_goes_one_way(office, city, rejected):
    """Brother and sister in two households, told by one letter to the father: one of them is under 支援措置."""
    city.person("104", name="髙橋 弟", household_no="4")
    application = city.application("104", "201")
    city.decision("104", outcome="rejected", reasons=["INCOME_OVER"], application_id=application.pk)
    city.protect("104")
    assert send(office).counts == {"通知": 1, "うち手渡し(支援措置)": 1, "通知した対象者": 2}


def test_letters_that_cannot_be_written_are_held_and_counted(office, city, family):
    city.decision("101", outcome="rejected", reasons=["AGE_OVER"])  # a child without applicant
    city.application("101", "999", scheme="kawasaki-shoni")
    city.decision("101", scheme="kawasaki-shoni", outcome="rejected", reasons=["AGE_OVER"])
    city.decision("404", outcome="rejected", reasons=["AGE_OVER"])
    city.person("301", name="故人", birth=date(1950, 1, 1), resident_status="3")
    city.decision("301", outcome="lost", reasons=["NOT_RESIDENT"], start=date(2025, 1, 1), end=ON)
    city.person("302", name="不詳 太郎", birth=None)
    city.decision("302", outcome="pending", reasons=["BIRTH_DATE_UNKNOWN"])
    run = send(office)
    assert sorted(run.problems.values_list("code", flat=True)) == [
        "notice.addressee_dead", "notice.addressee_unknown", "notice.no_addressee", "notice.no_form",
        "notice.person_unknown",
    ]  # fmt: skip
    assert run.comparison[0]["now"] == run.comparison[0]["before"] == 5


def test_the_registered_applicant_is_written_to_when_nobody_applied(office, city, family):
    for kind, other in (("breadwinner", "999"), ("applicant", "201")):
        Relation.objects.create(
            atena_no="101", scheme=city.HITORIOYA, kind=kind, other_atena_no=other, valid=(date(2025, 1, 1), None),
            recorded_from=city.NOW,
        )  # fmt: skip
    city.decision("101", outcome="rejected", reasons=["AGE_OVER"])
    send(office)
    assert Notice.objects.get().addressee_atena_no == "201"


def test_nobody_is_told_twice_and_a_killed_run_goes_on(office, city, rejected, monkeypatch):
    city.person("102", name="﨑山 花子", birth=date(1990, 1, 1))
    city.decision("102", outcome="rejected", reasons=["NOT_SINGLE_PARENT"])
    monkeypatch.setattr(issue_notices, "PER_SHARD", 1)
    real, calls = issue_notices._print, []

    def dies_at_the_second(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return real(*arguments)

    monkeypatch.setattr(issue_notices, "_print", dies_at_the_second)
    with pytest.raises(RuntimeError):
        send(office)
    assert (send(office).counts["通知"], Notice.objects.count()) == (2, 2)
    assert send(office) is None
    assert send(office, date(2026, 4, 21)).counts == {}
    assert Certificate.objects.count() == 0


def test_the_database_keeps_the_rules_of_notices(office, rejected):
    send(office)
    notice = Notice.objects.get()
    fields = {f.attname: getattr(notice, f.attname) for f in Notice._meta.concrete_fields if f.name != "id"}
    for name, change in {
        "subsidy_notice_decision_id": {},
        "subsidy_notice_page_from_one": {"decision_id": 0, "page": 0},
        "subsidy_notice_to_someone": {"decision_id": 0, "addressee_atena_no": ""},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic(using="subsidy"):
            Notice.objects.create(**(fields | change))
