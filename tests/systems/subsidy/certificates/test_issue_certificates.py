from datetime import date

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

import tasuke.systems.subsidy.certificates.jobs as jobs
from tasuke.systems.subsidy.certificates.holders import NoCertificateSettings
from tasuke.systems.subsidy.certificates.jobs import issue_certificates
from tasuke.systems.subsidy.certificates.models import Certificate
from tasuke.systems.subsidy.registry.models import MailingAddress, Relation, ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
ON = date(2026, 4, 1)


def issue(office, on=ON, scheme="kawasaki-hitorioya"):
    return office.run("issue-certificates", scheme=scheme, on=on)


@pytest.fixture
def family(city):
    city.person("101", name="髙橋 葛󠄀之介")
    city.person("102", name="﨑山 𠮷子", postal_code="2100000", household_no="2")
    city.person("201", name="髙橋 太郎", birth=date(1985, 1, 1))
    rows = [city.entitled(a, n) for a, n in (("101", "0000018"), ("102", "0000026"), ("201", "0000034"))]
    return dict(zip(("101", "102", "201"), rows, strict=True))


def test_everyone_gets_one_paper_and_one_line_of_the_register(office, family):
    run = issue(office)
    assert run.counts["交付"] == 3
    papers, listed, labels = office.files("certificates")
    texts = office.pages(papers)
    assert len(texts) == 3
    assert "﨑山𠮷子" in texts[0]  # the smallest post code first
    assert "髙橋葛󠄀之介" in texts[1]
    assert "令和8年12月31日まで" in texts[1]
    assert "0000018" in "".join(office.pages(listed))
    [sheet] = office.pages(labels)
    assert sheet.index("﨑山𠮷子様") < sheet.index("髙橋葛󠄀之介様")
    assert "〒210-0000" in sheet
    rows = list(Certificate.objects.order_by("page"))
    assert [(c.atena_no, c.kind, c.valid.upper, c.page) for c in rows] == [
        ("102", "new", date(2027, 1, 1), 1), ("101", "new", date(2027, 1, 1), 2), ("201", "new", date(2027, 1, 1), 3),
    ]  # fmt: skip
    assert rows[0].content["name"] == "﨑山 𠮷子"


def test_the_same_day_again_changes_nothing_and_another_day_finds_nothing_to_do(office, family):
    issue(office)
    assert issue(office) is None
    assert issue(office, date(2026, 4, 2)).counts["返還依頼"] == 0
    assert Certificate.objects.count() == 3


def test_a_killed_run_goes_on_where_it_stopped(office, family, monkeypatch):
    monkeypatch.setattr(issue_certificates, "PER_SHARD", 1)
    real = issue_certificates._register
    calls = []

    def dies_at_the_second(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        real(*arguments)

    monkeypatch.setattr(issue_certificates, "_register", dies_at_the_second)
    with pytest.raises(RuntimeError):
        issue(office)
    assert Certificate.objects.count() == 1
    monkeypatch.setattr(issue_certificates, "_register", real)
    run = issue(office)
    assert (run.state, run.counts["交付"], run.chunks_done) == ("done", 3, 4)
    assert sorted(Certificate.objects.values_list("recipient_no", flat=True)) == ["0000018", "0000026", "0000034"]


def test_a_change_of_name_replaces_the_paper(office, family):
    issue(office)
    ResidentRecord.objects.filter(atena_no="101").update(name="鈴木 葛󠄀之介")
    issue(office, date(2026, 5, 1))
    new = Certificate.objects.live().get(atena_no="101")
    assert (new.kind, new.cause, new.valid.lower) == ("change", "氏名の変更", date(2026, 5, 1))
    assert Certificate.objects.get(atena_no="101", state="replaced").content["name"] == "髙橋 葛󠄀之介"


def test_a_move_within_the_city_names_the_office_of_the_new_ward(office, family):
    issue(office)
    ResidentRecord.objects.filter(atena_no="101").update(ward_code="141348", address="川崎市高津区架空町3")
    issue(office, date(2026, 5, 1))
    new = Certificate.objects.live().get(atena_no="101")
    assert new.content["address"].startswith("川崎市高津区")
    assert new.content["office"].startswith("高津区役所")


def test_the_yearly_renewal_reaches_until_the_next_one(office, family):
    issue(office)
    issue(office, date(2027, 1, 1))
    new = Certificate.objects.live().get(atena_no="101")
    assert (new.kind, new.cause, new.valid.lower, new.valid.upper) == (
        "renewal", "", date(2027, 1, 1), date(2028, 1, 1),
    )  # fmt: skip


def test_a_paper_without_entitlement_is_called_back(office, city, family):
    issue(office)
    city.end(family["101"], date(2026, 6, 1))
    run = issue(office, date(2026, 6, 1))
    assert run.counts["返還依頼"] == 1
    assert Certificate.objects.get(atena_no="101").state == "recall"


def test_a_protected_person_is_never_in_the_mass_mailing(office, city, family):
    city.protect("102")
    run = issue(office)
    assert run.counts["うち手渡し(支援措置)"] == 1
    files = {f.name.split("_")[0]: f for f in office.files("certificates") if "手渡し" not in f.name}
    mailed, labels = files["kawasaki-hitorioya"], files["宛名"]
    [by_hand] = [f for f in office.files("certificates") if "手渡し" in f.name and not f.name.startswith("交付簿")]
    assert "﨑山" not in "".join(office.pages(mailed) + office.pages(labels))
    assert ("手渡し" in by_hand.name, len(office.pages(by_hand))) == (True, 1)
    lists = [f for f in office.files("certificates") if f.name.startswith("交付簿")]
    assert "架空町" not in "".join("".join(office.pages(f)) for f in lists)


@pytest.fixture
def related(city, family):
    """The mother applied for 101; the father of 102 is registered, and lives elsewhere."""
    city.person("301", name="髙橋 月子", birth=date(1985, 1, 1))
    city.person("302", name="﨑山 一", birth=date(1985, 1, 1), household_no="9", address="遠くの町9番")
    for child, parent in (("101", "301"), ("102", "302")):
        Relation.objects.create(
            atena_no=child, other_atena_no=parent, kind="applicant", scheme=city.HITORIOYA,
            valid=(date(2020, 1, 1), None), recorded_from=city.NOW,
        )  # fmt: skip


def sheets(office):
    return "".join("".join(office.pages(f)) for f in office.files("certificates") if f.name.startswith("宛名"))


def post_to(city, atena_no, place):
    MailingAddress.objects.create(
        atena_no=atena_no, valid=(date(2026, 1, 1), None), relation="1", postal_code="1000001", address=place,
        recorded_from=city.NOW,
    )  # fmt: skip


def test_labels_name_who_applied_in_the_same_household_and_nobody_elsewhere(office, related):
    issue(office)
    told = sheets(office)
    assert "髙橋月子様(髙橋葛󠄀之介様分)" in told
    assert "﨑山𠮷子様" in told
    assert "遠くの町" not in told


def test_labels_carry_the_address_that_was_notified_and_the_card_the_registered_one(office, city, related):
    post_to(city, "301", "実家の町3番")
    post_to(city, "102", "寮の町2番")
    post_to(city, "302", "父の町1番")
    issue(office)
    told = sheets(office)
    assert ("実家の町3番" in told, "寮の町2番" in told, "父の町1番" in told) == (True, True, False)
    assert "〒100-0001" in told
    cards = "".join(office.pages(office.files("certificates")[0]))
    assert ("架空町" in cards, "実家の町" in cards) == (True, False)


def test_the_cards_of_a_household_with_a_protected_person_are_handed_over(office, city, related):
    """The mother is under 支援措置 and has no card of her own: neither her child's nor another's of the household."""
    city.protect("301")
    run = issue(office)
    assert run.counts["うち手渡し(支援措置)"] == 2
    assert sorted(Certificate.objects.filter(hand_delivery=True).values_list("atena_no", flat=True)) == ["101", "201"]
    assert "髙橋" not in sheets(office)
    assert "﨑山𠮷子様" in sheets(office)


def test_who_has_left_the_household_or_is_protected_no_more_holds_no_post_back(office, city, related):
    gone = city.person("303", name="髙橋 前子", birth=date(1985, 1, 1))
    city.protect("303")
    gone.valid = (date(2015, 6, 1), date(2026, 3, 1))
    gone.save()
    ended = city.protect("301")
    ended.ended_on, ended.ended_by, ended.ended_reason = date(2026, 3, 1), "係長", "試験"
    ended.save()
    assert issue(office).counts["うち手渡し(支援措置)"] == 0


def test_a_person_whom_the_register_does_not_know_is_told_and_counted(office, city, family):
    city.entitled("999", "0000042")
    run = issue(office)
    problem = run.problems.get()
    assert (problem.code, problem.value) == ("certificate.person_unknown", "999")
    recipients = run.comparison[0]
    assert (recipients["now"], recipients["before"]) == (4, 4)


def test_a_scheme_without_settings_is_named(office, city):
    with pytest.raises(NoCertificateSettings, match="nothing"):
        office.plan("issue-certificates", scheme="nothing", on=ON)


def test_the_number_of_queries_does_not_grow_with_the_people(office, city, family):
    def queries_of(on):
        with CaptureQueriesContext(connections["subsidy"]) as caught:
            issue(office, on)
        return len(caught)

    few = queries_of(ON)
    for n in range(30):
        city.person(f"5{n:02}")
        city.entitled(f"5{n:02}", f"50000{n:02}")
    assert queries_of(date(2026, 4, 2)) <= few
    assert Certificate.objects.count() == 33
