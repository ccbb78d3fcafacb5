"""End-exclusive periods."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.period import EmptyPeriod, Period, from_inclusive, merge

START = date(2026, 4, 1)
periods = st.builds(
    lambda first, length: Period(
        START + timedelta(days=first), None if length is None else START + timedelta(days=first + length)
    ),
    st.integers(0, 40),
    st.one_of(st.none(), st.integers(1, 20)),
)
HORIZON = [START + timedelta(days=n) for n in range(-2, 70)]


def days(*some: Period) -> set[date]:
    return {day for day in HORIZON if any(p.contains(day) for p in some)}


def test_the_end_is_outside_and_the_last_day_inside() -> None:
    period = from_inclusive(date(2026, 4, 1), date(2027, 3, 31))
    assert period == Period(date(2026, 4, 1), date(2027, 4, 1))
    assert period.last_day == date(2027, 3, 31)
    assert period.contains(date(2027, 3, 31))
    assert not period.contains(date(2027, 4, 1))


def test_open_periods() -> None:
    period = from_inclusive(START, None)
    assert period == from_inclusive(START, date.max) == Period(START)
    assert period.last_day is None
    assert period.contains(date.max)
    assert not period.contains(START - timedelta(days=1))


@pytest.mark.parametrize("end", [START, START - timedelta(days=1)])
def test_a_period_holds_at_least_a_day(end: date) -> None:
    with pytest.raises(EmptyPeriod):
        Period(START, end)


def test_text_form() -> None:
    assert str(from_inclusive(date(2026, 4, 1), date(2027, 3, 31))) == "令和8年4月1日から令和9年3月31日まで"
    assert Period(date(2019, 5, 1)).to_text() == "令和元年5月1日から"


@given(periods, periods)
def test_two_periods_as_sets_of_days(one: Period, other: Period) -> None:
    both = one.intersect(other)
    assert days(one) & days(other) == (days(both) if both else set())
    assert one.overlaps(other) == other.overlaps(one) == bool(days(one) & days(other))
    assert days(*one.subtract(other)) == days(one) - days(other)


@given(st.lists(periods, max_size=8))
def test_merge_keeps_the_days_and_leaves_gaps_between(some: list[Period]) -> None:
    merged = merge(some)
    assert days(*merged) == days(*some)
    for before, after in pairwise(merged):
        assert before.end is not None
        assert before.end < after.start
