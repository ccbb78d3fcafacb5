"""The burden that the scheme looks at: the share by insurance, after 国公費, 高額療養費 and 付加給付."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.money import Rounding, round_yen_expr
from tasuke.schemes.copayment.high_cost import high_cost_benefit_expr
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.select import Block

_ZERO = pl.lit(0, dtype=pl.Int64)


def add_basis(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.DataFrame:
    """Adds share and basis (Int64, never negative) and their bits of `mask`.

    A share that is not given is computed as billed at the window: 健康保険法75条 (10円未満四捨五入). A high-cost
    benefit that is null (not 0) is computed from the table for claims in kind, when the scheme names a class and no
    国公費 applies.
    """
    billed = round_yen_expr(pl.col("cost") * (100 - pl.col("benefit_rate")), 100, Rounding.HALF_UP_10)
    return (
        frame.lazy()
        .with_columns(share=pl.coalesce("patient_share", billed).clip(0))
        .with_columns(automatic=_automatic(blocks))
        .with_columns(computed=pl.when("automatic").then(_computed_high_cost(blocks)))
        .with_columns(deducted=pl.coalesce("high_cost", "computed", _ZERO))
        .with_columns(left=pl.coalesce("public_share", "share") - pl.col("deducted") - pl.col("extra_benefit"))
        .with_columns(basis=pl.col("left").clip(0), mask=pl.col("mask") | _reasons())
        .collect()
    )


def _automatic(blocks: Sequence[Block]) -> pl.Expr:
    naming = [n for n, block in enumerate(blocks) if block.rules.benefit.high_cost_class is not None]
    asked = pl.col("high_cost").is_null() & pl.col("public_share").is_null()
    return asked & pl.col("billed_in_kind") & pl.col("block").is_in(naming)


def _computed_high_cost(blocks: Sequence[Block]) -> pl.Expr:
    amount: pl.Expr = pl.lit(None, dtype=pl.Int64)
    for number, block in enumerate(blocks):
        limit_class = block.rules.benefit.high_cost_class
        if limit_class is not None:
            benefit = high_cost_benefit_expr(
                cost=pl.col("cost"),
                share=pl.col("share"),
                service_date=pl.col("service_date"),
                limit_class=limit_class,
            )
            amount = pl.when(pl.col("block") == number).then(benefit).otherwise(amount)
    return amount


def _reasons() -> pl.Expr:
    return (
        flag(pl.col("public_share").is_not_null(), CopayReason.PUBLIC_PROGRAM_FIRST)
        | flag(pl.col("deducted") > 0, CopayReason.HIGH_COST_DEDUCTED)
        | flag(pl.col("computed") > 0, CopayReason.HIGH_COST_COMPUTED)
        | flag(pl.col("automatic") & pl.col("computed").is_null(), CopayReason.HIGH_COST_UNKNOWN)
        | flag(pl.col("extra_benefit") > 0, CopayReason.EXTRA_BENEFIT_DEDUCTED)
        | flag(pl.col("left") < 0, CopayReason.DEDUCTION_ABOVE_SHARE)
    )
