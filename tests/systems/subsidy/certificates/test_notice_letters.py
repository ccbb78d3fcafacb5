"""One letter to a household: whose income, which paper, many children, protected persons, articles."""

from datetime import date

import pytest

import tasuke.systems.subsidy.certificates.jobs as jobs
from tasuke.schemes.profile import LegalBasis
from tasuke.systems.subsidy.certificates.models import Notice
from tasuke.systems.subsidy.profile import active_profile, set_profile

pytestmark = pytest.mark.django_db(databases=["subsidy"])
assert jobs
ON = date(2026, 4, 20)
OVER = {"outcome": "rejected", "reasons": ["INCOME_OVER"], "income_year": 2025, "income_limit": 2_300_000}


@pytest.fixture
def parent(city):
    return city.person(
        "201", name="髙橋 太郎", birth=date(1985, 1, 1), address="川崎市架空区架空町2", postal_code="2100002"
    )


def children(city, count, **decision):
    for n in range(count):
        no = f"{1001 + n}"
        city.person(no, name=f"髙橋 子{n + 1}", birth=date(2010, 1, 1))
        application = city.application(no, "201")
        city.decision(
            no,
            **({"net_income": 3_456_000, "deciding_subject": "201"} | OVER | decision),
            application_id=application.pk,
        )


def facts(*subjects, year=2025):
    return {
        "incomes": [
            {"subject_id": no, "subject": role, "status_code": status, "income_year": year}
            for no, role, status in subjects
        ]
    }


def sent(office, on=ON):
    run = office.run("issue-notices", on=on)
    found = [f for f in office.files("notices") if f.name.startswith("通知書")]
    return run, [page for file in found for page in office.pages(file)]


def test_several_children_are_refused_in_one_letter_with_one_instruction(office, city, parent):
    children(city, 3)
    run, (page,) = sent(office)
    assert run.counts["通知"] == 1
    assert run.counts["通知した対象者"] == 3
    for name in ("髙橋子1", "髙橋子2", "髙橋子3"):
        assert page.count(name) == 1
    assert page.count("審査請求をすることができます") == 1
    assert page.count("所得が限度額を超えています") == 1  # the same reason for all
    assert page.count("(1)") == 4
    assert "髙橋太郎さん" in page
    assert Notice.objects.filter(page=1).count() == 3
    assert len({n.file_sha256 for n in Notice.objects.all()}) == 1
    assert run.comparison[0]["now"] == run.comparison[0]["before"] == 3


def test_letters_of_another_day_kind_or_addressee_are_their_own(office, city, parent):
    city.person("202", name="別宮 一郎", birth=date(1980, 1, 1))
    children(city, 2)
    for no, who, changes in (("301", "202", {}), ("302", "201", {"decided_on": date(2026, 4, 2)})):
        city.person(no, name=f"子 {no}")
        city.decision(no, **OVER, **changes, application_id=city.application(no, who).pk)
    _, pages = sent(office)
    assert len(pages) == 3


def test_thirty_children_stand_on_sheets_behind_the_letter(office, city, parent):
    children(city, 30)
    city.person("401", name="後の 人", birth=date(1980, 1, 1), postal_code="2109999")
    city.decision("401", outcome="rejected", reasons=["NOT_SINGLE_PARENT"])
    _, pages = sent(office)
    assert len(pages) == 4
    assert "別紙の30人" in pages[0]
    assert "別紙1/2" in pages[1]
    told = pages[1] + pages[2]
    assert all(told.count(f"髙橋子{n}") == (11 if n in (1, 2) else 2 if n == 3 else 1) for n in range(1, 31))
    assert Notice.objects.get(atena_no="401").page == 4


def test_a_question_says_whose_income_and_which_paper(office, city, parent):
    city.person("101", name="髙橋 花子")
    city.person("301", name="髙橋 祖父", birth=date(1955, 1, 1), household_no="2")
    application = city.application("101", "201", missing_documents="戸籍謄本")
    city.decision(
        "101", outcome="pending", reasons=["INCOME_UNDECLARED"], application_id=application.pk, income_year=2025,
        deciding_subject="201", facts=facts(("201", "parent", 4), ("301", "supporter", 4), ("301", "supporter", 3)),
    )  # fmt: skip
    _, (page,) = sent(office)
    assert "父または母髙橋太郎さん、扶養義務者髙橋祖父さんの令和7年中の所得(令和8年度課税):所得が未申告です" in page
    assert "市民税の申告" in page
    assert "戸籍謄本" in page


def test_a_missing_record_names_the_paper_of_the_right_year(office, city, parent):
    city.person("101", name="髙橋 花子")
    city.decision(
        "101", outcome="pending", reasons=["INCOME_UNKNOWN"], application_id=city.application("101", "201").pk,
        income_year=2025, deciding_subject="201", facts=facts(("201", "breadwinner", "")),
    )  # fmt: skip
    _, (page,) = sent(office)
    assert "主たる生計維持者髙橋太郎さん" in page
    assert "令和8年度の課税(所得)証明書(令和7年中の所得が分かるもの。令和8年1月1日に住んでいた市区町村" in page


@pytest.mark.parametrize("outcome", ["pending", "rejected"])
def test_a_protected_person_of_another_household_is_never_named(office, city, parent, outcome):
    city.person("101", name="髙橋 花子")
    city.person("301", name="秘匿 春江", birth=date(1955, 1, 1), household_no="2", address="川崎市秘密町9")
    city.protect("301")
    reason = {"pending": "INCOME_UNDECLARED", "rejected": "INCOME_OVER"}[outcome]
    city.decision(
        "101", outcome=outcome, reasons=[reason], application_id=city.application("101", "201").pk, income_year=2025,
        deciding_subject="301", net_income=9_999_999, income_limit=1, facts=facts(("301", "supporter", 4)),
    )  # fmt: skip
    sent(office)
    every = "".join(page for f in office.files("notices") for page in office.pages(f))
    for secret in ("秘匿", "春江", "秘密町", "9,999,999"):
        assert secret not in every
        assert secret not in str(Notice.objects.get().content)
    assert "扶養義務者(お名前は区役所でお尋ねください)" in every


def test_the_articles_stand_on_the_letter_or_their_lack_does(office, city, parent):
    children(city, 1)
    run, (page,) = sent(office)
    assert "条項は未確認" in page
    assert run.problems.filter(code="notice.articles_unconfirmed").count() == 1
    Notice.objects.all().delete()
    basis = LegalBasis(
        scheme=city.HITORIOYA, notice="rejection", valid_from=date(2020, 1, 1), articles="架空条例第4条第1項",
        by="課", on=ON, basis="例規",
    )  # fmt: skip
    set_profile(active_profile().model_copy(update={"legal_bases": [basis]}))
    run, pages = sent(office, date(2026, 4, 21))
    assert "架空条例第4条第1項" in pages[-1]
    assert "未確認" not in pages[-1]
    assert not run.problems.exists()


def test_an_unknown_birthday_is_printed_as_the_register_writes_it(office, city, parent):
    city.person("101", name="髙橋 花子", birth=None, birth_text="昭和30年不詳月不詳日")
    city.decision("101", **OVER, application_id=city.application("101", "201").pk)
    _, (page,) = sent(office)
    assert "昭和30年不詳月不詳日" in page
