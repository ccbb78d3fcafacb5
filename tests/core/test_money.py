"""Rounding of yen, exact on whole numbers, scalar and column form alike."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.money import Rounding, round_yen, round_yen_expr


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounding", "yen"),
    [
        (8555 * 3, 10, Rounding.HALF_UP_10, 2570),  # 2,566.5 at the counter (健康保険法75条)
        (2564, 1, Rounding.HALF_UP_10, 2560),
        (2565, 1, Rounding.HALF_UP_10, 2570),
        (1, 2, Rounding.HALF_UP_1, 1),
        (1, 3, Rounding.HALF_UP_1, 0),
        (2, 3, Rounding.HALF_UP_1, 1),
        (999, 10, Rounding.DOWN_1, 99),
        (99, 1, Rounding.DOWN_10, 90),
        (199, 1, Rounding.DOWN_100, 100),
        (1999, 1, Rounding.DOWN_1000, 1000),
        (991, 10, Rounding.UP_1, 100),
        (91, 1, Rounding.UP_10, 100),
        (90, 1, Rounding.UP_10, 90),
        (-2565, 1, Rounding.HALF_UP_10, -2570),  # a correction mirrors what it corrects
        (0, 7, Rounding.UP_10, 0),
    ],
)
def test_round_yen_examples(numerator: int, denominator: int, rounding: Rounding, yen: int) -> None:
    assert round_yen(numerator, denominator, rounding) == yen


@given(st.integers(-(10**12), 10**12), st.integers(1, 1000), st.sampled_from(Rounding))
def test_round_yen_is_exact(numerator: int, denominator: int, rounding: Rounding) -> None:
    exact = Fraction(abs(numerator), denominator)
    got = abs(round_yen(numerator, denominator, rounding))
    assert got % rounding.unit == 0
    low = exact - got
    limits = {"down": (0, 1), "up": (-1, 0), "half_up": (Fraction(-1, 2), Fraction(1, 2))}[rounding.way]
    share = low / rounding.unit
    assert limits[0] <= share <= limits[1]
    if rounding.way != "up":
        assert share < limits[1]
    if rounding.way == "up":
        assert share > limits[0]


@given(
    st.lists(st.integers(-(10**12), 10**12), max_size=20),
    st.integers(1, 1000),
    st.sampled_from(Rounding),
)
def test_the_column_form_agrees(numerators: list[int], denominator: int, rounding: Rounding) -> None:
    frame = pl.DataFrame({"n": numerators}, schema={"n": pl.Int64})
    got = frame.select(y=round_yen_expr(pl.col("n"), denominator, rounding))["y"]
    assert got.dtype == pl.Int64
    assert got.to_list() == [round_yen(n, denominator, rounding) for n in numerators]


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_must_be_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="denominator"):
        round_yen(1, denominator, Rounding.DOWN_1)
    with pytest.raises(ValueError, match="denominator"):
        round_yen_expr(pl.col("n"), denominator, Rounding.DOWN_1)
