"""Yen below ten (端数): by what each block rounds the share billed in kind and the payments at the window."""

from collections.abc import Callable, Sequence

import polars as pl

from tasuke.core.money import Rounding, round_yen_expr
from tasuke.schemes.copayment.select import Block

PAID = Rounding.HALF_UP_10  # 健康保険法75条: a share that the patient pays
IN_KIND = pl.col("method") == "in_kind"


def of_share(block: Block) -> Rounding:
    """By what the block rounds the share of care in kind."""
    return block.rules.in_kind.share


def of_window(block: Block) -> Rounding:
    """By what the block rounds a payment at the window."""
    return block.rules.in_kind.window


def rounded_by_block(
    numerator: pl.Expr, denominator: int, blocks: Sequence[Block], of: Callable[[Block], Rounding]
) -> pl.Expr:
    """numerator / denominator (Int64), rounded as the row's block says; whole yen where the row has no block."""
    amount = round_yen_expr(numerator, denominator, Rounding.HALF_UP_1)
    for kind in sorted({of(block) for block in blocks} - {Rounding.HALF_UP_1}):
        having = pl.col("block").is_in([n for n, block in enumerate(blocks) if of(block) is kind])
        amount = pl.when(having).then(round_yen_expr(numerator, denominator, kind)).otherwise(amount)
    return amount


def value_by_block(blocks: Sequence[Block], of: Callable[[Block], int]) -> pl.Expr:
    """A whole number of the row's block (Int64), 0 where the row has none."""
    value: pl.Expr = pl.lit(0, dtype=pl.Int64)
    for kind in sorted({of(block) for block in blocks} - {0}):
        having = pl.col("block").is_in([n for n, block in enumerate(blocks) if of(block) == kind])
        value = pl.when(having).then(pl.lit(kind, dtype=pl.Int64)).otherwise(value)
    return value
