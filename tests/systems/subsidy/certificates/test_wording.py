from datetime import date

import pytest

from tasuke.schemes.catalogue_loader import load_all, load_scheme
from tasuke.schemes.copayment.definition import AgePoint, AgeSwitch
from tasuke.systems.subsidy.certificates.wording import copayment_words, passed_on

SHONI, KODOMO = load_scheme("kawasaki-shoni"), load_scheme("sapporo-kodomo")


def test_a_fixed_amount_from_an_age_is_told_with_its_day():
    words = copayment_words(SHONI, "levy", date(2025, 9, 1), date(2026, 9, 1), date(2016, 6, 1))
    first, later = words.split("\n")
    assert first == "なし(保険診療の自己負担額を全額助成)"
    assert later.startswith("令和8年4月1日から 通院 1回500円まで")


def test_who_pays_no_levy_pays_nothing():
    words = copayment_words(SHONI, "levy_zero", date(2026, 4, 1), date(2026, 9, 1), date(2016, 6, 1))
    assert words == "なし(保険診療の自己負担額を全額助成)"


def test_first_visit_amounts_are_told_by_care():
    words = copayment_words(KODOMO, "taxed", date(2026, 4, 1), None, date(2018, 6, 1))
    assert "初診時580円" in words
    assert "歯科 初診時510円" in words


@pytest.mark.parametrize(
    ("switch", "day"),
    [
        (AgeSwitch.ATTAIN, date(2026, 3, 31)),
        (AgeSwitch.BIRTHDAY, date(2026, 4, 1)),
        (AgeSwitch.NEXT_MONTH, date(2026, 4, 1)),
        (AgeSwitch.APRIL, date(2026, 4, 1)),
    ],
)
def test_a_child_born_on_the_first_of_april_switches(switch, day):
    assert passed_on(AgePoint(age=9, switch=switch), date(2017, 4, 1)) == day


def test_next_month_after_a_birthday_within_the_month():
    assert passed_on(AgePoint(age=9, switch=AgeSwitch.NEXT_MONTH), date(2017, 4, 2)) == date(2026, 5, 1)


def test_every_class_of_every_scheme_has_words():
    for scheme in load_all():
        version = scheme.version[-1]
        day = version.valid_from
        for rule in version.copay_class.rule:
            assert copayment_words(scheme, rule.key, day, None, date(day.year - 2, 6, 1))
