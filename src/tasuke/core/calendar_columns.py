"""The rules of `tasuke.core.calendar` as Polars expressions on date columns: integer arithmetic, no call per row.

A null in gives a null out. `on` may be one date or an expression.
"""

from datetime import date

import polars as pl


def attain_expr(birth: pl.Expr, age: int) -> pl.Expr:
    """達する日: the day before the birthday at which the age is attained; born 29 February: 28 February (pl.Date)."""
    leap_day = (birth.dt.month() == 2) & (birth.dt.day() == 29)
    day = pl.when(leap_day).then(28).otherwise(birth.dt.day().cast(pl.Int32))
    anniversary = pl.date(birth.dt.year() + age, birth.dt.month(), day)
    return _shift(anniversary, pl.when(leap_day).then(0).otherwise(-1))


def first_march_31_expr(day: pl.Expr) -> pl.Expr:
    """The first 31 March on or after the day (pl.Date)."""
    return pl.date(fiscal_year_expr(day) + 1, 3, 31)


def school_end_expr(birth: pl.Expr, age: int = 18) -> pl.Expr:
    """The last day (inclusive) of 「age歳に達する日以後最初の3月31日まで」 (pl.Date)."""
    return first_march_31_expr(attain_expr(birth, age))


def fiscal_year_expr(day: pl.Expr) -> pl.Expr:
    """年度 (Int32)."""
    return day.dt.year() - (day.dt.month() < 4).cast(pl.Int32)


def age_on_expr(birth: pl.Expr, on: date | pl.Expr) -> pl.Expr:
    """The age as people say it, rising on the birthday (Int32)."""
    day = _day(on)
    return day.dt.year() - birth.dt.year() - (_month_day(day) < _month_day(birth)).cast(pl.Int32)


def school_grade_expr(birth: pl.Expr, on: date | pl.Expr) -> pl.Expr:
    """School year by age alone: 0 = 年長, 1 = 小1 … 12 = 高3 (Int32)."""
    entered = birth.dt.year() + 6 + (_month_day(birth) > 401).cast(pl.Int32)
    return fiscal_year_expr(_day(on)) - entered + 1


def month_start_expr(day: pl.Expr) -> pl.Expr:
    """The first day of the month (pl.Date)."""
    return pl.date(day.dt.year(), day.dt.month(), 1)


def next_month_expr(day: pl.Expr) -> pl.Expr:
    """The first day of the following month (pl.Date)."""
    month = day.dt.month().cast(pl.Int32)
    return pl.date(day.dt.year() + month // 12, month % 12 + 1, 1)


def _day(on: date | pl.Expr) -> pl.Expr:
    return on if isinstance(on, pl.Expr) else pl.lit(on, dtype=pl.Date)


def _month_day(day: pl.Expr) -> pl.Expr:
    return day.dt.month().cast(pl.Int32) * 100 + day.dt.day()


def _shift(day: pl.Expr, days: pl.Expr) -> pl.Expr:
    return (day.cast(pl.Int32) + days.cast(pl.Int32)).cast(pl.Date)
