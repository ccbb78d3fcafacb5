"""What the patient hands over at the window for care in kind: 10 yen each time, while the receipt has whole yen."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.money import Rounding
from tasuke.schemes.copayment.definition import Method
from tasuke.schemes.copayment.endings import IN_KIND, of_window, rounded_by_block, value_by_block
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.select import Block

_ZERO = pl.lit(0, dtype=pl.Int64)


def add_window(frame: pl.DataFrame, blocks: Sequence[Block], confirmed: frozenset[str]) -> pl.DataFrame:
    """Adds window_low and window (Int64, null otherwise than in kind) and the bit of an unconfirmed rounding.

    A row of several payments whose single shares are not known gives bounds. A fixed amount is never exceeded; a
    limit of 高額療養費 is paid to the yen (健康保険法75条 rounds the share, not the limit).
    """
    burden, low = pl.col("burden"), pl.col("burden_low")
    payments = pl.when("inpatient").then(1).otherwise(pl.max_horizontal("visits", 1))
    most = pl.when(pl.col("p_method") == Method.FIXED.value).then(pl.max_horizontal("allow", burden)).otherwise(None)
    once = rounded_by_block(burden, 1, blocks, of_window)
    up = burden + payments * value_by_block(blocks, lambda block: _slack(block)[1])
    down = low - payments * value_by_block(blocks, lambda block: _slack(block)[0])
    sure = (burden == 0) | (most == burden) | ((pl.col("deducted") > 0) & (burden == pl.col("basis")))
    seen = pl.col("exact_window").is_not_null() & (burden == pl.col("exact"))
    known = pl.when(sure).then(burden).when(seen).then("exact_window").when(payments == 1).then(once)
    bounded = pl.min_horizontal(up, most)
    least = pl.when(sure & (low == burden)).then(burden).when(seen & (low == burden)).then("exact_window")
    least = least.when((payments == 1) & (low == burden)).then(pl.min_horizontal(once, most))
    return frame.with_columns(
        window=pl.when(IN_KIND).then(pl.min_horizontal(known.otherwise(bounded), most)),
        window_low=pl.when(IN_KIND).then(least.otherwise(pl.max_horizontal(down, _ZERO))),
        mask=pl.col("mask") | flag(_open(blocks, confirmed), CopayReason.UNCONFIRMED_RULE),
    )


def _slack(block: Block) -> tuple[int, int]:
    """By how much a rounded payment may lie below and above the exact one."""
    rounding: Rounding = of_window(block)
    unit = rounding.unit
    return {"down": (unit - 1, 0), "up": (0, unit - 1), "half_up": ((unit - 1) // 2, unit // 2)}[rounding.way]


def _open(blocks: Sequence[Block], confirmed: frozenset[str]) -> pl.Expr:
    """True where a block's rounding is not confirmed and makes a difference to the row."""
    waiting = [
        number
        for number, block in enumerate(blocks)
        if block.rules.in_kind.unconfirmed and f"copayment.{block.rules.id}.in_kind" not in confirmed
    ]
    uneven = (pl.col("share") % 10 != 0) | (pl.col("burden") % 10 != 0)
    return IN_KIND & pl.col("block").is_in(waiting) & uneven
