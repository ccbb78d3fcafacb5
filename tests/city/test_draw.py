from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.city.draw import (
    NO_DAY,
    atena_numbers,
    choose,
    date_series,
    day_number,
    days_of,
    stream,
    take,
    to_date,
    with_weight21,
)
from tasuke.core.numbers import NumberKind, check_number, weight21_check_digit


@given(st.lists(st.integers(0, 9_999_999), min_size=1, max_size=50))
@settings(max_examples=60)
def test_with_weight21_agrees_with_the_core(bodies: list[int]) -> None:
    made = with_weight21(np.array(bodies, dtype=np.int64), 7)
    assert made.to_list() == [f"{b:07d}{weight21_check_digit(f'{b:07d}')}" for b in bodies]


def test_atena_numbers_are_unique_and_valid() -> None:
    numbers = atena_numbers(2_000, first=123_456)
    assert numbers.n_unique() == 2_000
    assert numbers.str.len_chars().unique().to_list() == [10]
    assert all(check_number(NumberKind.ATENA, n).valid for n in numbers.head(200))


def test_date_series_keeps_missing_days_null() -> None:
    days = np.array([day_number(date(2026, 4, 1)), NO_DAY, day_number(date(1926, 12, 25))], dtype=np.int64)
    series = date_series("d", days)
    assert series.to_list() == [date(2026, 4, 1), None, date(1926, 12, 25)]
    assert days_of(series).tolist() == days.tolist()
    assert to_date(int(days[2])) == date(1926, 12, 25)


def test_choose_follows_the_weights() -> None:
    picked = choose(stream(1, "x"), [1.0, 0.0, 3.0], 40_000)
    share = np.bincount(picked, minlength=3) / 40_000
    assert share[1] == 0
    assert share[2] == pytest.approx(0.75, abs=0.01)


def test_stream_of_another_name_is_another_stream() -> None:
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random()
    assert stream(1, "a").random() != stream(2, "a").random()


def test_take_gives_null_for_minus_one() -> None:
    assert take(pl.Series(["a", "b"]), np.array([1, -1, 0])).to_list() == ["b", None, "a"]
