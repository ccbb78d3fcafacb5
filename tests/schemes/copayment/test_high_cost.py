"""高額療養費: the limits by service month."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.schemes.copayment.high_cost import (
    NoHighCostTable,
    high_cost_benefit,
    high_cost_benefit_expr,
    high_cost_limit,
    high_cost_table,
)


@pytest.mark.parametrize(
    ("cost", "month", "limit"),
    [
        (267_000, date(2026, 7, 1), 80_100),
        (1_000_000, date(2026, 7, 1), 87_430),
        (1_000_050, date(2026, 7, 1), 87_431),  # 7,330.5円: 50銭以上切上げ
        (286_000, date(2026, 8, 1), 85_800),
        (1_000_000, date(2026, 8, 1), 92_940),
    ],
)
def test_limit_of_class_u(cost, month, limit):
    assert high_cost_limit(cost=cost, month=month) == limit


def test_limit_of_multiple_months():
    assert high_cost_limit(cost=1_000_000, month=date(2026, 8, 1), multiple=True) == 44_400
    assert high_cost_table(month=date(2026, 8, 1)).year_cap == 530_000


@pytest.mark.parametrize(("limit_class", "month"), [("ウ", date(2027, 8, 1)), ("ン", date(2026, 8, 1))])
def test_limit_that_is_not_known_is_refused(limit_class, month):
    with pytest.raises(NoHighCostTable, match="登録されていません"):
        high_cost_limit(cost=1, month=month, limit_class=limit_class)


def test_benefit_is_never_negative():
    assert high_cost_benefit(cost=10_000, share=3_000, month=date(2026, 8, 1)) == 0


@given(
    cost=st.integers(0, 30_000_000),
    rate=st.sampled_from([1, 2, 3]),
    month=st.dates(date(2020, 1, 1), date(2027, 7, 31)),
)
def test_columns_agree_with_the_function(cost, rate, month):
    share = cost * rate // 10
    frame = pl.DataFrame({"cost": [cost], "share": [share], "day": [month]})

    found = frame.select(
        high_cost_benefit_expr(cost=pl.col("cost"), share=pl.col("share"), service_date=pl.col("day"), limit_class="ウ")
    ).item()

    assert found == high_cost_benefit(cost=cost, share=share, month=month)
