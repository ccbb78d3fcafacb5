"""Days as municipalities count them: the day an age is attained (達する日), school years, bank business days, 和暦.

Scalar form; `tasuke.core.calendar_columns` holds the same rules on columns. The clock is never read here.
"""

from datetime import date, timedelta
from functools import lru_cache

import jpholiday

from tasuke.core.wareki import (
    InvalidDate,
    UncertainDate,
    parse_date,
    parse_uncertain_date,
    to_wareki,
    to_wareki_short,
)

__all__ = [
    "InvalidDate",
    "UncertainDate",
    "add_bank_business_days",
    "age_on",
    "attain",
    "first_march_31",
    "fiscal_year",
    "is_bank_business_day",
    "month_start",
    "next_bank_business_day",
    "next_month",
    "parse_date",
    "parse_uncertain_date",
    "previous_bank_business_day",
    "school_end",
    "school_grade",
    "to_wareki",
    "to_wareki_short",
]

# 銀行法施行令5条1項: 31 December to 3 January are bank holidays beside Saturdays, Sundays and national holidays
_YEAR_END = {(12, 31), (1, 1), (1, 2), (1, 3)}


def attain(birth: date, age: int) -> date:
    """The day on which a person attains an age (達する日): the day before the birthday.

    年齢計算ニ関スル法律 and 民法143条: the age is attained at the end of the day before the birthday. Who was born on
    29 February attains it on 28 February, every year.
    """
    if (birth.month, birth.day) == (2, 29):
        return date(birth.year + age, 2, 28)
    return date(birth.year + age, birth.month, birth.day) - timedelta(days=1)


def first_march_31(day: date) -> date:
    """The first 31 March on or after a day (以後最初の3月31日)."""
    return date(fiscal_year(day) + 1, 3, 31)


def school_end(birth: date, age: int = 18) -> date:
    """The last day (inclusive) of 「age歳に達する日以後最初の3月31日まで」; 6 ends pre-school, 18 ends high school."""
    return first_march_31(attain(birth, age))


def age_on(birth: date, day: date) -> int:
    """The age as people say it, rising on the birthday (born 29 February: on 1 March of other years).

    Negative before the birth.
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def fiscal_year(day: date) -> int:
    """年度: April to March, named by the year in which it starts."""
    return day.year if day.month >= 4 else day.year - 1


def school_grade(birth: date, day: date) -> int:
    """School year by age alone: 0 = 年長, 1 = 小1 … 12 = 高3; it goes on below 0 and above 12.

    学校教育法17条: school starts with the school year after the day on which six is attained, so who is born on
    1 April goes with those born in March.
    """
    entered = birth.year + (6 if (birth.month, birth.day) <= (4, 1) else 7)
    return fiscal_year(day) - entered + 1


def is_bank_business_day(day: date) -> bool:
    """Whether banks work: not Saturday, Sunday, holiday, nor 31 December to 3 January (銀行法15条, 同施行令5条)."""
    return day.weekday() < 5 and (day.month, day.day) not in _YEAR_END and day not in _holidays(day.year)


def next_bank_business_day(day: date) -> date:
    """The day itself when banks work, else the next day on which they do."""
    while not is_bank_business_day(day):
        day += timedelta(days=1)
    return day


def previous_bank_business_day(day: date) -> date:
    """The day itself when banks work, else the last day before it on which they did."""
    while not is_bank_business_day(day):
        day -= timedelta(days=1)
    return day


def add_bank_business_days(day: date, n: int) -> date:
    """The n-th bank business day after (n < 0: before) a day; n = 0 gives the day itself or the next business day."""
    if n == 0:
        return next_bank_business_day(day)
    step = timedelta(days=1 if n > 0 else -1)
    for _ in range(abs(n)):
        day += step
        while not is_bank_business_day(day):
            day += step
    return day


def month_start(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@lru_cache(maxsize=256)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(entry[0] for entry in jpholiday.year_holidays(year))
