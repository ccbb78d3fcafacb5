"""Rule types that other municipalities need (schemes.md C-2, C-3), on a made-up scheme."""

from datetime import date

import pytest
from tests.schemes import made

EARNER = [{"total_income": 100_000}]


def start(lines):
    return "".join(f'[[version.who.start]]\nsource = "A"\n{line}\n' for line in lines)


LAST = 'key = "other"\nrule = "application_month_start"'
FIFTEEN = """key = "in_time"
events = ["birth", "move_in"]
rule = "event_date"
within_days = 15
otherwise = "application_date"
"""
SAME_MONTH = (
    'key = "move"\nevents = ["move_in"]\nrule = "event_date"\nsame_month = true\notherwise = "application_month_start"'
)
MONTH = 'key = "first"\nevents = ["birth"]\nrule = "event_month_start"'
NEXT = 'key = "next"\nrule = "next_month_start"'


@pytest.mark.parametrize(
    ("rules", "event", "happened", "applied", "expected"),
    [
        # 埼玉(杉戸・深谷): 15日以内の申請は事由の発生日から、過ぎれば申請日から
        ([FIFTEEN, LAST], "move_in", date(2025, 6, 1), date(2025, 6, 16), date(2025, 6, 1)),
        ([FIFTEEN, LAST], "move_in", date(2025, 6, 1), date(2025, 6, 17), date(2025, 6, 17)),
        # 福岡: 申請月の初日から
        ([FIFTEEN, LAST], "other", date(2025, 6, 1), date(2025, 6, 17), date(2025, 6, 1)),
        ([FIFTEEN, LAST], None, None, date(2025, 12, 31), date(2025, 12, 1)),
        # 転入と同じ月なら転入日、遅れたら申請月の初日
        ([SAME_MONTH, LAST], "move_in", date(2025, 5, 30), date(2025, 5, 31), date(2025, 5, 30)),
        ([SAME_MONTH, LAST], "move_in", date(2025, 5, 30), date(2025, 6, 20), date(2025, 6, 1)),
        ([MONTH, NEXT], "birth", date(2025, 2, 28), date(2025, 6, 10), date(2025, 2, 1)),
        ([MONTH, NEXT], "other", date(2025, 2, 28), date(2025, 12, 10), date(2026, 1, 1)),
        # 申請も事由もない職権の判定は判定日から
        ([FIFTEEN, LAST], "move_in", None, None, date(2025, 6, 15)),
    ],
)
def test_start_rule(rules, event, happened, applied, expected):
    scheme = made.scheme(start=start(rules))
    row = made.judged(scheme, EARNER, event=event, event_date=happened, application_date=applied)
    assert row["start"] == expected


@pytest.mark.parametrize(
    ("switch", "birth", "first_day_without"),
    [
        ("april", date(2010, 4, 1), date(2025, 4, 1)),
        ("april", date(2010, 4, 2), date(2026, 4, 1)),
        ("birthday", date(2010, 6, 15), date(2025, 6, 15)),
        ("birthday", date(2012, 2, 29), date(2027, 3, 1)),
        ("attain", date(2010, 6, 15), date(2025, 6, 14)),
        ("next_month", date(2010, 6, 15), date(2025, 7, 1)),
        ("next_month", date(2010, 6, 1), date(2025, 6, 1)),
        ("next_month", date(2010, 12, 31), date(2026, 1, 1)),
    ],
)
def test_age_limit_by_switch(switch, birth, first_day_without):
    scheme = made.scheme(bands=made.BANDS.replace('"april"', f'"{switch}"'))
    known = {"birth_date": birth, "resident_from": birth, "insured_from": birth}
    before = date.fromordinal(first_day_without.toordinal() - 1)
    money = [{"total_income": 0, "income_year": year} for year in range(2020, 2027)]
    assert made.judged(scheme, money, before, **known)["end"] == first_day_without
    assert made.judged(scheme, money, first_day_without, **known)["reasons"] == ["AGE_OVER"]


def test_income_at_most_the_limit_is_eligible_when_comparison_is_le():
    scheme = made.scheme(income=made.INCOME.replace('"lt"', '"le"'))
    assert made.judged(scheme, [{"total_income": 1_080_000}])["outcome"] == "eligible"
    assert made.judged(scheme, [{"total_income": 1_080_001}])["reasons"] == ["INCOME_OVER"]


def test_household_sum_is_compared_with_one_table():
    income = made.INCOME.replace('"highest"', '"sum"')
    scheme = made.scheme(income=income)
    two = [{"subject_id": "A", "total_income": 600_000}, {"subject_id": "B", "total_income": 559_999}]
    assert made.judged(scheme, two)["net_income"] == 999_999
    assert made.judged(scheme, two)["outcome"] == "eligible"
    two[1]["total_income"] += 1
    assert made.judged(scheme, two)["reasons"] == ["INCOME_OVER"]


def test_income_levy_of_the_household_as_index():
    """兵庫型: 市民税所得割額の世帯合算."""
    income = made.INCOME.replace('"highest"', '"sum"').replace("whose", 'index = "income_levy"\nwhose')
    scheme = made.scheme(income=income)
    rows = [{"subject_id": "A", "income_levy": 500_000}, {"subject_id": "B", "status_code": 2}]
    row = made.judged(scheme, rows)
    assert (row["net_income"], row["outcome"]) == (500_000, "eligible")
    rows[0]["income_levy"] = 1_000_000
    assert made.judged(scheme, rows)["reasons"] == ["INCOME_OVER"]


def test_several_income_bands_give_the_copay_class():
    """広島市型: 所得制限の内側の中間基準で負担が2段."""
    head = "[[version.copay_class.rule]]\n"
    middle = head + 'key = "low"\nlabel = "軽い"\nwhen = "below_table"\ntable = "middle"\nsource = "A"\n'
    scheme = made.scheme(classes=made.CLASSES.replace(head, middle + head))
    assert made.judged(scheme, [{"total_income": 579_999}])["copay_class"] == "low"
    assert made.judged(scheme, [{"total_income": 580_000}])["copay_class"] == "standard"


def test_prefecture_part_is_judged_apart_from_the_city():
    """要件125: 市に所得制限がなくても、県補助のために所得を見る."""
    income = made.INCOME.replace('table = "limit"\n', "")
    funding = (
        made.FUNDING
        + """
[version.funding.prefecture]
source = "A"
[[version.funding.prefecture.part]]
band = "child"
source = "A"
[[version.funding.prefecture.subject]]
subject = "breadwinner"
table = "limit"
source = "A"
"""
    )
    scheme = made.scheme(income=income, funding=funding)
    low, high = made.judged(scheme, [{"total_income": 0}]), made.judged(scheme, [{"total_income": 9_000_000}])
    unknown = made.judged(scheme, [{"status_code": 4}])
    assert [r["outcome"] for r in (low, high, unknown)] == ["eligible"] * 3
    assert [r["funding"] for r in (low, high, unknown)] == ["prefecture", "city", "unknown"]
    assert [r["net_income"] for r in (low, high)] == [None, None]


def test_scheme_without_income_looks_nothing_up():
    row = made.judged(made.scheme(income=""))
    assert (row["outcome"], row["reasons"], row["income_year"], row["funding"]) == ("eligible", [], None, "city")


def test_excluded_insurance():
    insurance = '[version.who.insurance]\nexcluded_kinds = ["2"]'
    text = made.toml().replace("[version.who.insurance]", insurance)
    scheme = made.parse_scheme(text.encode(), "made.toml")[0]
    assert made.judged(scheme, EARNER, insurance_kind="2")["reasons"] == ["INSURANCE_EXCLUDED"]
    assert made.judged(scheme, EARNER, insurance_kind="1")["outcome"] == "eligible"
