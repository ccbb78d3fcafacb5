"""Yen and the ways in which laws and practice round them. Whole numbers only: a float never comes near money."""

from enum import StrEnum
from typing import NewType

import polars as pl

Yen = NewType("Yen", int)


class Rounding(StrEnum):
    """How a fraction becomes yen. The magnitude is rounded, so −15 behaves as 15 does.

    down_1      cut below 1 yen: 国等の債権債務等の金額の端数計算に関する法律2条1項, payments of public bodies
    down_10     cut below 10 yen: some municipal decrees on copayments (the scheme's file names its source)
    down_100    cut below 100 yen: 地方税法20条の4の2第3項, amounts of local tax; late charges
    down_1000   cut below 1,000 yen: 地方税法20条の4の2第1項, bases of local tax
    half_up_1   50銭 and more up: 健康保険法施行令42条, the 1% part of 高額療養費
    half_up_10  5 yen and more up: 健康保険法75条 and the like rule of 国保, the share paid at the counter
    up_1        any fraction up: no national rule uses it; a scheme that does names its source
    up_10       any part of 10 yen up: likewise
    """

    DOWN_1 = "down_1"
    DOWN_10 = "down_10"
    DOWN_100 = "down_100"
    DOWN_1000 = "down_1000"
    HALF_UP_1 = "half_up_1"
    HALF_UP_10 = "half_up_10"
    UP_1 = "up_1"
    UP_10 = "up_10"

    @property
    def unit(self) -> int:
        """The unit in yen to which it rounds."""
        return int(self.value.rpartition("_")[2])

    @property
    def way(self) -> str:
        """down, half_up or up."""
        return self.value.rpartition("_")[0]


def round_yen(numerator: int, denominator: int, rounding: Rounding) -> Yen:
    """numerator / denominator yen, rounded exactly. Raises ValueError when the denominator is not positive."""
    divisor = _divisor(denominator, rounding)
    amount = (abs(numerator) + _carry(divisor, rounding)) // divisor * rounding.unit
    return Yen(-amount if numerator < 0 else amount)


def round_yen_expr(numerator: pl.Expr, denominator: int, rounding: Rounding) -> pl.Expr:
    """The same on an integer column (Int64). Raises ValueError when the denominator is not positive."""
    divisor = _divisor(denominator, rounding)
    whole = numerator.cast(pl.Int64)
    amount = (whole.abs() + _carry(divisor, rounding)) // divisor * rounding.unit
    return pl.when(whole < 0).then(-amount).otherwise(amount)


def _divisor(denominator: int, rounding: Rounding) -> int:
    if denominator <= 0:
        raise ValueError(f"denominator must be positive: {denominator}")
    return denominator * rounding.unit


def _carry(divisor: int, rounding: Rounding) -> int:
    """What is added to the magnitude before the whole-number division; exact for odd divisors as well."""
    if rounding.way == "half_up":
        return divisor // 2
    return divisor - 1 if rounding.way == "up" else 0
