"""和暦, ISO and dates with unknown parts."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.calendar import (
    InvalidDate,
    UncertainDate,
    parse_date,
    parse_uncertain_date,
    to_wareki,
    to_wareki_short,
)

MODERN = st.dates(date(1873, 1, 1), date(2110, 12, 31))

# four boundaries per era: the last day before it, its first, its last, the first after it
BOUNDARIES = [
    ("明治6年1月1日", date(1873, 1, 1)),
    ("明治45年7月28日", date(1912, 7, 28)),
    ("明治45年7月29日", date(1912, 7, 29)),
    ("大正元年7月30日", date(1912, 7, 30)),
    ("大正元年7月31日", date(1912, 7, 31)),
    ("大正15年12月23日", date(1926, 12, 23)),
    ("大正15年12月24日", date(1926, 12, 24)),
    ("昭和元年12月25日", date(1926, 12, 25)),
    ("昭和元年12月26日", date(1926, 12, 26)),
    ("昭和64年1月6日", date(1989, 1, 6)),
    ("昭和64年1月7日", date(1989, 1, 7)),
    ("平成元年1月8日", date(1989, 1, 8)),
    ("平成元年1月9日", date(1989, 1, 9)),
    ("平成31年4月29日", date(2019, 4, 29)),
    ("平成31年4月30日", date(2019, 4, 30)),
    ("令和元年5月1日", date(2019, 5, 1)),
    ("令和元年5月2日", date(2019, 5, 2)),
    ("令和8年11月21日", date(2026, 11, 21)),
]


@pytest.mark.parametrize(("text", "day"), BOUNDARIES)
def test_boundary_days_both_ways(text: str, day: date) -> None:
    assert parse_date(text) == day
    assert to_wareki(day) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21",
        "2026/11/21",
        "2026.11.21",
        "20261121",
        "2026年11月21日",
        "令和8年11月21日",
        "令和８年１１月２１日",
        " 令和 8年 11月 21日 ",
        "R8.11.21",
        "R08/11/21",
        "r08-11-21",
        "令和8.11.21",
        "R081121",
        "5081121",
    ],
)
def test_parse_date_reads_every_form(text: str) -> None:
    assert parse_date(text) == date(2026, 11, 21)


@pytest.mark.parametrize(
    "text",
    [
        "平成31年5月1日",  # already 令和
        "昭和64年1月8日",  # already 平成
        "大正15年12月25日",  # already 昭和
        "明治45年7月30日",  # already 大正
        "令和元年4月30日",
        "昭和元年12月24日",
        "令和0年5月1日",
        "明治5年1月1日",  # the old calendar
        "4310501",
        "2026-02-29",
        "2026-13-01",
        "20260230",
        "2026-11/21",
        "2026-11",
        "6081121",
        "5081199",
        "R8年",
        "令和元元年1月1日",
        "",
        "不詳",
        "٢٠٢٦-١١-٢١",
    ],
)
def test_parse_date_refuses(text: str) -> None:
    with pytest.raises(InvalidDate):
        parse_date(text)


def test_invalid_date_says_why() -> None:
    with pytest.raises(InvalidDate, match="平成にはない日付です"):
        parse_date("平成31年5月1日")
    with pytest.raises(InvalidDate, match="存在しない日付です"):
        parse_date("2026-02-29")


def test_to_wareki_refuses_the_old_calendar() -> None:
    with pytest.raises(InvalidDate):
        to_wareki(date(1872, 12, 31))
    with pytest.raises(InvalidDate):
        to_wareki_short(date(1872, 12, 31))


def test_to_wareki_short_keeps_two_digits() -> None:
    assert to_wareki_short(date(2019, 5, 1)) == "R01.05.01"
    assert to_wareki_short(date(1989, 1, 7)) == "S64.01.07"


@given(MODERN)
def test_every_form_reads_back(day: date) -> None:
    assert parse_date(to_wareki(day)) == day
    assert parse_date(to_wareki_short(day)) == day
    assert parse_date(to_wareki_short(day).replace(".", "")) == day
    assert parse_date(day.isoformat()) == day
    assert parse_date(day.strftime("%Y%m%d")) == day


@given(st.text(max_size=14))
def test_parse_date_answers_or_refuses_any_text(text: str) -> None:
    with suppress(InvalidDate):
        assert isinstance(parse_date(text), date)


@pytest.mark.parametrize(
    ("text", "year", "month", "day"),
    [
        ("不詳", None, None, None),
        ("昭和30年不詳月不詳日", 1955, None, None),
        ("昭和30年月日不詳", 1955, None, None),
        ("昭和30年5月日不詳", 1955, 5, None),
        ("昭和30年5月不詳日", 1955, 5, None),
        ("昭和30年5月不明", 1955, 5, None),
        ("1955年5月不詳", 1955, 5, None),
        ("昭和不詳年5月1日", None, 5, 1),
        ("昭和元年月日不詳", 1926, None, None),
        ("1955-00-00", 1955, None, None),
        ("19550500", 1955, 5, None),
        ("3300000", 1955, None, None),
        ("S300500", 1955, 5, None),
        ("昭和30年5月1日", 1955, 5, 1),
        ("1955-05-01", 1955, 5, 1),
    ],
)
def test_parse_uncertain_date(text: str, year: int | None, month: int | None, day: int | None) -> None:
    found = parse_uncertain_date(text)
    assert (found.year, found.month, found.day) == (year, month, day)
    assert found.text == text


@pytest.mark.parametrize(
    "text", ["", "昭和30年13月不詳", "昭和90年月日不詳", "1955-02-30", "昭和不詳年2月30日", "だれか"]
)
def test_parse_uncertain_date_refuses(text: str) -> None:
    with pytest.raises(InvalidDate):
        parse_uncertain_date(text)


def test_uncertain_date_bounds_stay_inside_the_era() -> None:
    found = parse_uncertain_date("昭和元年月日不詳")
    assert (found.earliest, found.latest, found.exact) == (date(1926, 12, 25), date(1926, 12, 31), None)
    only_era = parse_uncertain_date("昭和不詳年")
    assert (only_era.earliest, only_era.latest) == (date(1926, 12, 25), date(1989, 1, 7))
    nothing = parse_uncertain_date("不詳")
    assert (nothing.earliest, nothing.latest, nothing.exact) == (None, None, None)


def test_uncertain_date_with_month_spans_the_month() -> None:
    found = parse_uncertain_date("平成12年2月日不詳")
    assert (found.earliest, found.latest) == (date(2000, 2, 1), date(2000, 2, 29))


@given(MODERN)
def test_a_known_date_is_exact(day: date) -> None:
    found = parse_uncertain_date(to_wareki(day))
    assert isinstance(found, UncertainDate)
    assert found.exact == found.earliest == found.latest == day
