"""突合: what an application says beside the register and what else the city holds; the panel, the job, the list."""

from datetime import date

import polars as pl
import pytest
from django.db import connections
from tests.systems.subsidy.desk.conftest import NOW, TODAY

from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.desk.jobs import match_applications
from tasuke.systems.subsidy.desk.matching import find_matches
from tasuke.systems.subsidy.desk.matching_words import KIND_WORDS, MatchKind
from tasuke.systems.subsidy.desk.models import MatchFinding, StatedPerson
from tasuke.systems.subsidy.entitlements.facts import CASE_COLUMNS, build_facts
from tasuke.systems.subsidy.entitlements.models import Application
from tasuke.systems.subsidy.inquiries.models import Inquiry
from tasuke.systems.subsidy.profile import active_profile, set_profile
from tasuke.systems.subsidy.registry.models import Income, Insurance, Relation, WelfareFact

pytestmark = pytest.mark.django_db(databases=["subsidy", "accounts"])
FATHER, MOTHER, CHILD, SISTER, GRANDMA = (f"00000000{n}" for n in range(10, 15))
RECEIVED = date(2026, 11, 2)
HITORIOYA, SHONI = "kawasaki-hitorioya", "kawasaki-shoni"


class Family:
    """A father who applies for his child; rows put straight into the tables."""

    def __init__(self, people):
        self.people = people
        people.resident(
            FATHER, "髙橋　太郎", relationship_code="02", relationship="世帯主", birth_date=date(1985, 5, 5)
        )
        people.resident(CHILD)
        self.insure(CHILD)

    def apply(self, *, scheme=SHONI, child=CHILD, applicant=FATHER, **more):
        values = {
            "application_no": f"A{child}{scheme}", "kind": "1", "role": "1", "received_on": RECEIVED, "channel": "1",
            "reason": "9", "event_date": RECEIVED, "state": "received",
        }  # fmt: skip
        made = Application.objects.using("subsidy").create(
            atena_no=child, applicant_atena_no=applicant, scheme=scheme, **(values | more)
        )
        self.relate(child, "breadwinner", FATHER, scheme)
        return made

    def relate(self, person, kind, other, scheme=SHONI):
        Relation.objects.using("subsidy").create(
            atena_no=person, scheme=scheme, kind=kind, other_atena_no=other, valid=(RECEIVED, None), recorded_from=NOW
        )

    def insure(self, person, kind="1", start=date(2020, 4, 1), end=None):
        Insurance.objects.using("subsidy").create(
            atena_no=person, insurance_kind=kind, insurer_no="140012", number="99", valid=(start, end),
            recorded_from=NOW, source="nhi_feed",
        )  # fmt: skip

    def fact(self, person, code, start=date(2026, 1, 1), end=None):
        WelfareFact.objects.using("subsidy").create(
            atena_no=person, fact_code=code, valid=(start, end), recorded_from=NOW
        )

    def income(self, person, year=2026, status="3", total=3_120_000):
        Income.objects.using("subsidy").create(
            atena_no=person, tax_year=year, status_code=status, total_income=total, recorded_from=NOW, source="tax_feed"
        )

    def state(self, application, person, name, **more):
        from tasuke.core.text import search_key

        StatedPerson.objects.using("subsidy").create(
            application_id=application.pk, atena_no=person, name=name, name_key=search_key(name), stated_at=NOW,
            stated_by="S1", stated_name="窓口", **more,
        )  # fmt: skip


@pytest.fixture
def family(people):
    return Family(people)


def matched(kind, application=None, *, every=False):
    """(about, said, known, since, at receipt, today) of the differences of a kind."""
    one = application.pk if application else None
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[HITORIOYA, SHONI], application_id=one)
    rows = [r for r in found.iter_rows(named=True) if r["kind"] == kind and (every or r["differs"])]
    return [(r["about"], r["said"], r["known"], r["since"], r["at_receipt"], r["at_today"]) for r in rows]


def kinds(application):
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[HITORIOYA, SHONI], application_id=application.pk)
    return set(found.filter(found["differs"])["kind"])


def test_a_family_that_is_as_the_form_says_differs_in_nothing_but_what_is_missing(family):
    family.income(FATHER)
    assert kinds(family.apply()) == set()


def test_somebody_whom_the_register_does_not_know(family):
    application = family.apply(applicant="0000000099")
    assert matched("unknown_person") == [("0000000099", "申請者", "住民情報にいません", None, True, True)]
    assert "apart" not in kinds(application)


def test_somebody_who_lives_apart_since_a_day(family):
    since = date(2026, 11, 10)
    family.people.resident(MOTHER, "髙橋　はる", end=since, relationship_code="12", relationship="妻")
    family.people.resident(MOTHER, "髙橋　はる", start=since, household_no="0000000002", relationship_code="02")
    application = family.apply()
    family.relate(CHILD, "spouse", MOTHER)
    assert matched("apart") == [(MOTHER, "配偶者", "対象者と別の世帯", since, False, True)]
    assert matched("moved_since") == [(MOTHER, "配偶者", "世帯", since, False, True)]
    assert kinds(application) >= {"apart", "moved_since"}


def test_a_row_that_begins_for_another_reason_is_no_move(family):
    family.people.resident(MOTHER, "髙橋　はる", end=date(2026, 11, 10), household_no="0000000002")
    family.people.resident(MOTHER, "髙橋　はる", start=date(2026, 11, 10), household_no="0000000002", phone="1")
    family.apply()
    family.relate(CHILD, "supporter", MOTHER)
    assert matched("apart") == [(MOTHER, "扶養義務者", "対象者と別の世帯", date(2020, 4, 1), True, True)]
    assert matched("moved_since") == []


def test_somebody_who_has_left_the_city(family):
    gone = date(2026, 11, 15)
    family.people.resident(MOTHER, "髙橋　はる", end=gone)
    family.people.resident(MOTHER, "髙橋　はる", start=gone, resident_status="2", household_no="0000000002")
    family.apply()
    family.relate(CHILD, "spouse", MOTHER)
    assert matched("not_resident") == [(MOTHER, "配偶者", "転出", gone, False, True)]


def test_members_of_the_household_who_are_not_on_the_form(family):
    family.people.resident(GRANDMA, "髙橋　ふみ", relationship_code="52", relationship="母", start=date(2026, 11, 5))
    family.people.resident(SISTER, "髙橋　さき", relationship="子")
    family.apply()
    assert matched("not_on_form") == [
        (SISTER, "なし", "同じ世帯(子)", date(2020, 4, 1), True, True),
        (GRANDMA, "なし", "同じ世帯(母)", date(2026, 11, 5), False, True),
    ]
    family.people.entitle(SISTER)  # has the scheme already: need not be on the paper
    family.apply(child=GRANDMA, application_no="same paper")
    assert matched("not_on_form") == []


@pytest.mark.parametrize(("code", "head"), [("12", "02"), ("14", "02"), ("2012", "20")])
def test_a_partner_in_the_household_of_a_single_parent_is_told_by_itself(family, code, head):
    people = family.people
    people.resident(GRANDMA, "髙橋　一", relationship_code=head, relationship="x", birth_date=date(1985, 5, 5))
    people.resident(MOTHER, "髙橋　はる", relationship_code=code, relationship="妻")
    family.apply(scheme=HITORIOYA, applicant=GRANDMA)
    assert (MOTHER, "なし", "同じ世帯(妻)", date(2020, 4, 1), True, True) in matched("partner")
    assert MOTHER not in [about for about, *_ in matched("not_on_form")]


def test_a_partner_is_nothing_to_a_scheme_for_all_children(family):
    family.people.resident(MOTHER, "髙橋　はる", relationship_code="12", relationship="妻")
    family.apply()
    assert matched("partner") == []


def test_what_the_paper_says_beside_the_register(family):
    application = family.apply()
    same = {"birth_date": date(2020, 4, 1), "address": "川崎市宮前区宮前平2-20-5", "relationship": "子"}
    family.state(application, CHILD, "高橋 はな", **same)
    family.state(application, FATHER, "髙橋　次郎", birth_date=date(1985, 5, 6), address="川崎市宮前区土橋1-1",
                 relationship="世帯主")  # fmt: skip
    assert matched("name") == [(FATHER, "髙橋　次郎", "髙橋　太郎", date(2020, 4, 1), True, True)]
    assert matched("birth_date") == [(FATHER, "1985年5月6日", "1985年5月5日", date(2020, 4, 1), True, True)]
    assert [about for about, *_ in matched("address")] == [FATHER]
    assert matched("relationship") == []


def test_where_a_protected_person_lives_is_in_no_finding(family):
    family.people.protect(FATHER)
    family.state(family.apply(), FATHER, "髙橋　太郎", address="川崎市宮前区土橋1-1")
    assert matched("address") == [(FATHER, "支援措置のため非表示", "支援措置のため非表示", None, True, True)]
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[SHONI])
    assert "宮前平" not in str(found.rows())


def test_an_income_that_is_needed_and_not_known_names_the_year_and_the_inquiry(family):
    family.apply()
    needed = "2026年度(2025年分)が必要"
    assert matched("income") == [(FATHER, needed, "なし", None, True, True)]
    Inquiry.objects.using("subsidy").create(
        record_id="1", atena_no=FATHER, about_atena_no=CHILD, scheme=SHONI, procedure_code="x", procedure="x",
        information_code="x", information="x", legal_basis="x", provider="B1", provider_name="x", year=2026,
        protected=False, state="sent", asked_by="S1", asked_at=NOW,
    )  # fmt: skip
    assert matched("income") == [(FATHER, needed, "なし(情報照会: 照会中)", date(2026, 4, 1), True, True)]
    family.income(FATHER, year=2025)  # another year helps nobody
    assert matched("income")
    family.income(FATHER, status="4")
    assert matched("income") == [(FATHER, needed, "未申告", date(2026, 4, 1), True, True)]


def test_an_income_that_is_known_is_no_difference_and_carries_its_figure(family):
    family.income(FATHER)
    family.apply()
    assert matched("income") == []
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[SHONI])
    told = found.filter(found["kind"] == "income").row(0, named=True)
    assert (told["known"], told["figure"]) == ("あり", 3_120_000)


@pytest.mark.parametrize("received", [date(2026, 5, 31), date(2026, 6, 1), date(2026, 11, 2)])
@pytest.mark.parametrize("scheme", [SHONI, HITORIOYA])
def test_whose_income_of_which_year_is_needed_is_what_the_assessment_asks_for(family, scheme, received):
    for person in (FATHER, MOTHER, GRANDMA):
        for year in (2024, 2025, 2026):
            family.income(person, year)
    family.people.resident(MOTHER, "髙橋　はる", relationship_code="12", relationship="妻")
    family.people.resident(GRANDMA, "髙橋　ふみ", relationship_code="52", relationship="母")
    application = family.apply(scheme=scheme, received_on=received, event_date=received)
    Relation.objects.using("subsidy").update(valid=(received, None))
    for kind, other in (("spouse", MOTHER), ("supporter", GRANDMA)):
        family.relate(CHILD, kind, other, scheme)
    Relation.objects.using("subsidy").update(valid=(received, None))
    case = {"id": "1", "atena_no": CHILD, "role": "child", "on": received, "application_date": received,
            "event": "other", "event_date": received}  # fmt: skip
    cases = pl.DataFrame([case], schema=CASE_COLUMNS)
    _, asked = build_facts(using="subsidy", scheme=load_scheme(scheme), cases=cases)
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[scheme], application_id=application.pk)
    subjects = {str(subject.subject) for subject in load_scheme(scheme).version_on(received).income.subject}
    wanted = {
        (row["subject_id"], f"{row['income_year'] + 1}年度({row['income_year']}年分)が必要")
        for row in asked.iter_rows(named=True)
        if row["subject"] in subjects
    }
    assert {
        (row["about"], row["said"]) for row in found.filter(found["kind"] == "income").iter_rows(named=True)
    } == wanted
    assert wanted


def test_public_assistance_is_not_guessed_where_nobody_has_told_us_of_any(family):
    application = family.apply(scheme=HITORIOYA)
    assert matched("public_assistance", every=True)[0][2] == "未確認(福祉情報がまだ取り込まれていません)"
    family.fact("0000000077", "30")  # somebody's handbook: the city does tell us
    assert matched("public_assistance", every=True)[0][2] == "記録なし"
    family.fact(FATHER, "10", start=date(2026, 11, 10))
    assert matched("public_assistance", application) == [
        (FATHER, "該当すると対象外", "受給中", date(2026, 11, 10), False, True)
    ]


def test_a_rule_that_the_city_has_not_confirmed_says_so(family):
    set_profile(active_profile().model_copy(update={"confirmations": []}))
    family.fact(FATHER, "10")
    family.apply(scheme=HITORIOYA)
    assert [row[1] for row in matched("public_assistance")] == ["該当すると対象外(未確認)"]
    assert {row[1] for row in matched("income")} == {"2025年度(2024年分)が必要(未確認)"}


def test_other_schemes_at_the_same_time_by_which_goes_first(family):
    family.people.entitle(CHILD, "7654321", scheme=HITORIOYA)
    family.apply()
    [(about, said, known, *_)] = matched("other_scheme")
    assert (about, said, known) == (CHILD, "相手の制度が優先", "ひとり親家庭等医療費助成の資格あり")
    family.people.entitle(CHILD)
    assert [row[0] for row in matched("same_scheme")] == [CHILD]


def test_insurance_that_is_missing_or_ended(family):
    Insurance.objects.using("subsidy").all().delete()
    family.apply()
    assert matched("insurance") == [(CHILD, "加入が要件", "加入の記録なし", None, True, True)]
    family.insure(CHILD, end=date(2026, 11, 10))
    assert matched("insurance") == [(CHILD, "加入が要件", "国保", date(2020, 4, 1), True, False)]


def test_one_application_gives_what_all_together_give(family):
    family.people.resident(SISTER, "髙橋　さき")
    family.people.resident(GRANDMA, "髙橋　ふみ", relationship="母")
    first, second = family.apply(), family.apply(child=SISTER, scheme=HITORIOYA)
    _, everything = find_matches(using="subsidy", on=TODAY, schemes=[HITORIOYA, SHONI])
    for application in (first, second):
        _, alone = find_matches(using="subsidy", on=TODAY, schemes=[HITORIOYA, SHONI], application_id=application.pk)
        assert alone.rows() == everything.filter(everything["id"] == application.pk).rows()


def test_decided_applications_and_none_at_all_are_matched_to_nothing(family):
    family.apply(state="decided")
    _, found = find_matches(using="subsidy", on=TODAY, schemes=[HITORIOYA, SHONI])
    assert found.is_empty()


def test_every_kind_has_a_word():
    assert set(KIND_WORDS) == set(MatchKind)


def run(on=TODAY):
    made, plan = plan_run(
        using="subsidy", job=match_applications.NAME, target=f"{on}", parameters={"on": f"{on}"}, by="S1", now=NOW
    )
    return apply_run(using="subsidy", run=made, plan=plan, clock=lambda: NOW)


def waiting(client):
    return [(t.count, address) for t, address in client.get("/").context["waiting"] if t.label == "突合の差異"]


def rows_of(client, **asked):
    return client.get("/applications/matching/", asked).context["page"].rows


def test_the_job_makes_the_list_anew_and_counts_by_kind(family):
    first, second = family.apply(), family.apply(scheme=HITORIOYA)
    done = run()
    assert (done.counts["申請"], done.counts["差異のある申請"], done.counts["所得"]) == (2, 2, 2)
    listed = MatchFinding.objects.using("subsidy")
    assert {row.application_id for row in listed.all()} == {first.pk, second.pk}
    family.income(FATHER)
    second.state = "decided"
    second.save(using="subsidy")
    again = run(date(2026, 11, 25))
    assert again.counts["差異のある申請"] == 0
    assert not listed.exists()


def test_the_panel_and_the_list_say_the_same(family, browser):
    family.people.resident(SISTER, "髙橋　さき")
    application = family.apply()
    run()
    client = browser()
    panel = client.get(f"/applications/{application.pk}/").context["matching"]
    told = {(line.kind, line.person) for line in (*panel.household, *panel.rest) if line.differs}
    assert told == {(KIND_WORDS[row["kind"]], row["about_name"]) for row in rows_of(client)}
    assert len(told) == panel.differences == 2


def test_the_list_is_filtered_by_kind_and_keeps_to_wards_and_schemes(family, browser):
    family.people.resident(SISTER, "髙橋　さき")
    family.apply()
    run()
    assert [row["kind"] for row in rows_of(browser(), kind="not_on_form")] == ["not_on_form"]
    for place, limits in enumerate(({"offices": ["141330"]}, {"schemes": [HITORIOYA]})):
        outside = browser(personal_id=f"test-outside-{place}", **limits)
        page = outside.get("/applications/matching/")
        assert (list(page.context["page"].rows), page.context["all"]) == ([], 0)
        assert FATHER not in outside.get("/applications/matching.csv").content.decode("utf-8-sig")
        assert waiting(outside) == []
    assert waiting(browser()) == [(2, "/applications/matching/")]


def test_the_file_of_the_list_is_on_record_for_everybody_on_it(family, browser):
    family.apply()
    run()
    file = browser().get("/applications/matching.csv", {"kind": "income"})
    text = file.content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("受付番号,制度,区,受付日,対象者")
    assert f",所得,髙橋　太郎,{FATHER}," in text
    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT atena_no FROM audit_event WHERE kind = 'exported' ORDER BY 1")
        assert [no for (no,) in cursor.fetchall()] == [FATHER, CHILD]


def test_the_ward_of_a_protected_person_is_in_neither_list(family, browser):
    family.people.protect(CHILD)
    family.apply()
    run()
    client = browser()
    page = client.get("/applications/matching/").content.decode()
    table = page[page.index("<tbody>") :]
    assert "非表示" in table
    assert "宮前区" not in table
    assert "宮前区" not in client.get("/applications/matching.csv").content.decode("utf-8-sig")


def test_figures_of_incomes_are_for_those_who_may_see_them_and_looking_is_on_record(family, browser):
    family.income(FATHER)
    address = f"/applications/{family.apply().pk}/"
    assert "3,120,000円" not in browser().get(address).content.decode()
    assert ">あり<" in browser().get(address).content.decode().replace("\n", "")
    with connections["subsidy"].cursor() as cursor:
        looked = "SELECT atena_no FROM audit_event WHERE kind = 'read' AND detail LIKE '%%\"income\"%%'"
        cursor.execute(looked)
        assert cursor.fetchall() == []
        assert "3,120,000円" in browser("reviewer").get(address).content.decode()
        cursor.execute(looked)
        assert cursor.fetchall() == [(FATHER,)]
    # a grant for incomes of another ward gives no figure here
    mixed = browser(personal_id="test-mixed")
    browser("head_office", personal_id="test-mixed", offices=["141330"])
    assert "3,120,000円" not in mixed.get(address).content.decode()


def paper(**changes):
    values = {f"p{CHILD}-name": "高橋 はな", f"p{CHILD}-address": "川崎市宮前区宮前平2-20-5", f"p{FATHER}-name": ""}
    return {**values, **changes}


def test_what_is_typed_from_the_paper_is_compared_and_kept_when_it_is_typed_again(family, browser):
    application = family.apply()
    client = browser()
    address = f"/applications/{application.pk}/stated/"
    assert "髙橋　はな" in client.get(address).content.decode()
    assert "宮前平" not in client.get(address).content.decode()  # nothing to copy
    assert client.post(address, paper()).status_code == 302
    assert "name" not in kinds(application)
    client.post(address, paper(**{f"p{CHILD}-name": "鈴木 はな"}))
    assert matched("name", application)[0][:3] == (CHILD, "鈴木 はな", "髙橋　はな")
    rows = StatedPerson.objects.using("subsidy").order_by("id")
    assert [(row.name, row.replaced_at is None) for row in rows] == [("高橋 はな", False), ("鈴木 はな", True)]
    client.post(address, paper(**{f"p{CHILD}-name": "鈴木 はな"}))
    assert rows.count() == 2
    assert "鈴木 はな" in client.get(f"/applications/{application.pk}/").content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({f"p{CHILD}-name": ""}, "氏名を入力してください"), ({f"p{CHILD}-birth_date": "R2.2.30"}, "日付として読めません"),
     ({f"p{CHILD}-address": "123456789018"}, "個人番号は書けません")],
)  # fmt: skip
def test_a_mistake_on_the_paper_page_is_told_and_nothing_is_written(family, browser, changes, words):
    page = browser().post(f"/applications/{family.apply().pk}/stated/", paper(**changes))
    assert (page.status_code, words in page.content.decode()) == (422, True)
    assert not StatedPerson.objects.using("subsidy").exists()


def test_the_paper_of_a_decided_application_is_closed(family, browser):
    assert browser().get(f"/applications/{family.apply(state='decided').pk}/stated/").status_code == 404


def test_the_pages_take_few_statements(family, browser, at_most):
    application = family.apply()
    run()
    client = browser("reviewer")
    client.get("/applications/matching/")
    for address in (f"/applications/{application.pk}/", "/applications/matching/", "/applications/matching.csv"):
        with at_most(15):
            assert client.get(address).status_code == 200


def test_the_address_of_a_protected_person_is_neither_asked_nor_shown_on_the_paper_page(family, browser):
    application = family.apply()
    family.state(application, CHILD, "高橋 はな", address="川崎市宮前区宮前平2-20-5")
    family.people.protect(CHILD)
    client = browser()
    page = client.get(f"/applications/{application.pk}/stated/").content.decode()
    assert f'name="p{CHILD}-name"' in page
    assert f'name="p{CHILD}-address"' not in page
    assert "宮前平" not in page
    client.post(f"/applications/{application.pk}/stated/", paper())
    assert StatedPerson.objects.using("subsidy").get(replaced_at__isnull=True).address == ""
