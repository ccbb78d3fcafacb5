"""Age bands as Polars expressions over the columns `_birth` (who the age is counted for), `_cohort` and `on`."""

from datetime import date, timedelta

import polars as pl

from tasuke.core.calendar_columns import attain_expr, fiscal_year_expr, next_month_expr
from tasuke.schemes.copayment.definition import AgePoint, AgeSwitch


def cohort_expr(birth_ymd: pl.Expr) -> pl.Expr:
    """The school cohort (Int32) of a birth date given as a number (`ymd_expr`).

    Children of one cohort enter each school together on 1 April of cohort + 6. Born on 1 April counts with the cohort
    before (年齢計算ニ関スル法律, 学校教育法17条): 「N歳到達後最初の3月31日」 is the day before 1 April of cohort + N.
    """
    return birth_ymd // 10_000 + (birth_ymd % 10_000 > 401).cast(pl.Int32)


def boundary_expr(point: AgePoint) -> pl.Expr:
    """The day on which the person passes the point: the first day of the next stage (pl.Date)."""
    birth = pl.col("_birth")
    match point.switch:
        case AgeSwitch.APRIL:
            return _april_first(pl.col("_cohort") + point.age)
        case AgeSwitch.BIRTHDAY:
            return attain_expr(birth, point.age) + timedelta(days=1)
        case AgeSwitch.ATTAIN:
            return attain_expr(birth, point.age)
        case AgeSwitch.NEXT_MONTH:
            return next_month_expr(attain_expr(birth, point.age))


def passed_expr(point: AgePoint) -> pl.Expr:
    """True when the point is passed on `on` (null without a birth date)."""
    # for the two common switches the same as comparing with the boundary, without building dates
    if point.switch is AgeSwitch.APRIL:
        return pl.col("_fiscal_year") >= pl.col("_cohort") + point.age
    if point.switch is AgeSwitch.BIRTHDAY:
        return pl.col("_ymd") - pl.col("_birth_ymd") >= point.age * 10_000
    return pl.col("on") >= boundary_expr(point)


def ymd_expr(day: pl.Expr) -> pl.Expr:
    """The day as the number 20250401 (Int32): differences of 10,000 are birthdays (29 February: 1 March)."""
    return day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day()


def _april_first(year: pl.Expr) -> pl.Expr:
    """1 April of a year as pl.Date, by counting days (pl.date builds each date anew, which is ten times slower).

    365 days a year and one for each leap year up to this one; 1 April 1970 is day 90 of the epoch.
    """
    leap = year // 4 - year // 100 + year // 400
    return (year * 365 + leap - 719_437).cast(pl.Int32).cast(pl.Date)


def grade_expr() -> pl.Expr:
    """School year by age: 1 = 小1 … 12 = 高3 (Int32)."""
    return pl.col("_fiscal_year") - pl.col("_cohort") - 5


def fiscal_year_of_on() -> pl.Expr:
    """年度 of `on` (Int32)."""
    return fiscal_year_expr(pl.col("on"))


def day_literal(day: date) -> pl.Expr:
    """A day as a pl.Date literal."""
    return pl.lit(day, dtype=pl.Date)
