"""Ages, school years and bank business days; the column form must agree with the scalar one."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core import calendar as cal
from tasuke.core import calendar_columns as columns

BIRTHS = st.one_of(
    st.dates(date(1900, 1, 1), date(2060, 12, 31)),
    st.sampled_from(
        [date(y, m, d) for y in (1999, 2000, 2004, 2008, 2020) for m, d in ((4, 1), (4, 2), (3, 31), (1, 1))]
    ),
    st.sampled_from([date(y, 2, 29) for y in (1904, 1996, 2000, 2004, 2008, 2020)]),
)
DAYS = st.dates(date(1900, 1, 1), date(2120, 12, 31))


@pytest.mark.parametrize(
    ("birth", "attained", "end"),
    [  # 年齢計算ニ関スル法律 and 民法143条
        (date(2008, 4, 1), date(2026, 3, 31), date(2026, 3, 31)),
        (date(2008, 4, 2), date(2026, 4, 1), date(2027, 3, 31)),
        (date(2008, 2, 29), date(2026, 2, 28), date(2026, 3, 31)),
        (date(2010, 3, 1), date(2028, 2, 29), date(2028, 3, 31)),
        (date(2009, 3, 1), date(2027, 2, 28), date(2027, 3, 31)),
        (date(2009, 1, 1), date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_attain_18_and_school_end(birth: date, attained: date, end: date) -> None:
    assert cal.attain(birth, 18) == attained
    assert cal.school_end(birth) == end
    frame = pl.DataFrame({"birth": [birth]})
    assert frame.select(columns.attain_expr(pl.col("birth"), 18)).item() == attained
    assert frame.select(columns.school_end_expr(pl.col("birth"), 18)).item() == end


def test_school_end_of_preschool() -> None:
    assert cal.school_end(date(2020, 4, 1), 6) == date(2026, 3, 31)
    assert cal.school_end(date(2020, 4, 2), 6) == date(2027, 3, 31)


def test_attain_of_a_leap_day_is_28_february_in_leap_years_too() -> None:
    assert cal.attain(date(2004, 2, 29), 4) == date(2008, 2, 28)
    assert cal.attain(date(2004, 2, 29), 5) == date(2009, 2, 28)


def test_age_on_rises_on_the_birthday() -> None:
    birth = date(2008, 2, 29)
    assert cal.age_on(birth, date(2026, 2, 28)) == 17
    assert cal.age_on(birth, date(2026, 3, 1)) == 18
    assert cal.age_on(birth, date(2028, 2, 29)) == 20
    assert cal.age_on(date(2026, 5, 2), date(2026, 5, 1)) == -1


@pytest.mark.parametrize(
    ("birth", "day", "grade"),
    [
        (date(2020, 4, 1), date(2026, 4, 1), 1),
        (date(2020, 4, 2), date(2026, 4, 1), 0),
        (date(2020, 4, 1), date(2026, 3, 31), 0),
        (date(2008, 4, 2), date(2026, 4, 1), 12),
        (date(2008, 4, 1), date(2026, 4, 1), 13),
        (date(2026, 5, 1), date(2026, 11, 21), -6),
    ],
)
def test_school_grade(birth: date, day: date, grade: int) -> None:
    assert cal.school_grade(birth, day) == grade


def test_fiscal_year_and_march() -> None:
    assert cal.fiscal_year(date(2027, 3, 31)) == 2026
    assert cal.fiscal_year(date(2026, 4, 1)) == 2026
    assert cal.first_march_31(date(2026, 3, 31)) == date(2026, 3, 31)
    assert cal.first_march_31(date(2026, 4, 1)) == date(2027, 3, 31)


def test_months() -> None:
    assert cal.month_start(date(2026, 12, 15)) == date(2026, 12, 1)
    assert cal.next_month(date(2026, 12, 15)) == date(2027, 1, 1)
    assert cal.next_month(date(2026, 11, 30)) == date(2026, 12, 1)


@given(BIRTHS, st.integers(0, 110))
def test_the_age_is_reached_the_day_after_it_is_attained(birth: date, age: int) -> None:
    after = cal.attain(birth, age) + timedelta(days=1)
    assert cal.age_on(birth, after) == age
    assert cal.age_on(birth, after - timedelta(days=1)) == age - 1


@given(BIRTHS)
def test_school_starts_the_day_after_preschool_ends(birth: date) -> None:
    end = cal.school_end(birth, 6)
    assert cal.school_grade(birth, end) == 0
    assert cal.school_grade(birth, end + timedelta(days=1)) == 1
    assert cal.school_grade(birth, cal.school_end(birth, 18)) == 12


@given(st.lists(st.tuples(BIRTHS, DAYS), min_size=1, max_size=40), st.integers(0, 110))
def test_columns_agree_with_scalars(rows: list[tuple[date, date]], age: int) -> None:
    births = [birth for birth, _ in rows]
    days = [day for _, day in rows]
    birth, day = pl.col("birth"), pl.col("day")
    got = pl.DataFrame({"birth": births, "day": days}).select(
        attain=columns.attain_expr(birth, age),
        march=columns.first_march_31_expr(day),
        end=columns.school_end_expr(birth, age),
        age=columns.age_on_expr(birth, day),
        age_fixed=columns.age_on_expr(birth, date(2026, 11, 21)),
        grade=columns.school_grade_expr(birth, day),
        grade_fixed=columns.school_grade_expr(birth, date(2026, 3, 31)),
        fiscal=columns.fiscal_year_expr(day),
        start=columns.month_start_expr(day),
        next=columns.next_month_expr(day),
    )
    wanted = {
        "attain": [cal.attain(b, age) for b in births],
        "march": [cal.first_march_31(d) for d in days],
        "end": [cal.school_end(b, age) for b in births],
        "age": [cal.age_on(b, d) for b, d in rows],
        "age_fixed": [cal.age_on(b, date(2026, 11, 21)) for b in births],
        "grade": [cal.school_grade(b, d) for b, d in rows],
        "grade_fixed": [cal.school_grade(b, date(2026, 3, 31)) for b in births],
        "fiscal": [cal.fiscal_year(d) for d in days],
        "start": [cal.month_start(d) for d in days],
        "next": [cal.next_month(d) for d in days],
    }
    assert got.to_dict(as_series=False) == wanted


def test_columns_keep_nulls() -> None:
    frame = pl.DataFrame({"birth": [None]}, schema={"birth": pl.Date})
    got = frame.select(
        a=columns.attain_expr(pl.col("birth"), 18),
        b=columns.school_end_expr(pl.col("birth"), 18),
        c=columns.age_on_expr(pl.col("birth"), date(2026, 1, 1)),
        d=columns.next_month_expr(pl.col("birth")),
    )
    assert got.row(0) == (None, None, None, None)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 12, 30), True),
        (date(2026, 12, 31), False),  # 銀行法施行令5条
        (date(2027, 1, 1), False),
        (date(2024, 1, 2), False),
        (date(2024, 1, 3), False),
        (date(2024, 1, 4), True),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 11, 24), True),
        (date(2026, 9, 22), False),  # 国民の休日 between two holidays
        (date(2025, 5, 6), False),  # 振替休日
        (date(2019, 5, 1), False),  # enthronement
        (date(2020, 10, 12), True),  # スポーツの日 was moved to July for that year
    ],
)
def test_bank_business_days(day: date, works: bool) -> None:
    assert cal.is_bank_business_day(day) is works


def test_moving_to_business_days() -> None:
    assert cal.next_bank_business_day(date(2026, 12, 31)) == date(2027, 1, 4)
    assert cal.next_bank_business_day(date(2026, 11, 24)) == date(2026, 11, 24)
    assert cal.previous_bank_business_day(date(2027, 1, 3)) == date(2026, 12, 30)
    assert cal.add_bank_business_days(date(2026, 12, 29), 2) == date(2027, 1, 4)
    assert cal.add_bank_business_days(date(2027, 1, 4), -1) == date(2026, 12, 30)
    assert cal.add_bank_business_days(date(2026, 11, 21), 0) == date(2026, 11, 24)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 15))
def test_business_days_there_and_back(day: date, n: int) -> None:
    start = cal.next_bank_business_day(day)
    there = cal.add_bank_business_days(start, n)
    assert cal.is_bank_business_day(there)
    assert cal.add_bank_business_days(there, -n) == start
