"""Figures on the charts: what is different reads different, also in a small town."""

import re
from datetime import date

import polars as pl
import pytest

from tasuke.systems.subsidy.statistics.charts import cost_by_band_and_care, subsidy_by_month, subsidy_by_ward


def figures(svg: str) -> list[str]:
    """Numbers that stand on the chart, in its order."""
    return re.findall(r">([0-9][0-9,]*(?:\.[0-9]+)?)</text>", svg)


def test_small_amounts_are_told_in_tenths() -> None:
    wards = pl.DataFrame({"ward": ["川崎区", "幸区", "中原区"], "subsidy": [25_100, 14_400, 5_500]})
    *ticks, first, second, third = figures(subsidy_by_ward(wards, title="区別"))
    assert {first, second, third} == {"2.5", "1.4", "0.6"}
    assert len(set(ticks)) == len(ticks) > 3


@pytest.mark.parametrize(("yen", "decimals"), [(900, 2), (21_000, 1), (2_100_000, 0)])
def test_no_two_ticks_read_alike(yen: int, decimals: int) -> None:
    months = pl.DataFrame({"month": [date(2026, 5, 1)], "scheme": ["小児"], "subsidy": [yen]})
    bands = pl.DataFrame({"band": ["0歳"], "care": ["医科"], "subsidy": [yen]})
    for svg in (
        subsidy_by_month(months, title="月別"),
        cost_by_band_and_care(bands, title="年齢別", order=["0歳"]),
    ):
        ticks = figures(svg)
        assert len(ticks) > 3
        assert len(set(ticks)) == len(ticks)
        assert {len(one.partition(".")[2]) for one in ticks} == {decimals}
