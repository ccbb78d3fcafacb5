"""The burden that the scheme looks at: the share by insurance, after 国公費, 高額療養費 and 付加給付."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.money import round_yen_expr
from tasuke.schemes.copayment.endings import IN_KIND, PAID, of_share, rounded_by_block
from tasuke.schemes.copayment.high_cost import high_cost_benefit_expr
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.select import Block

_ZERO = pl.lit(0, dtype=pl.Int64)


def add_basis(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.DataFrame:
    """Adds share and basis (Int64, never negative) and their bits of `mask`. The frame has `method`.

    The share in kind is rounded as the block says (whole yen), what a patient pays by 健康保険法75条. A high-cost
    benefit that is null (not 0) is computed from the table for claims in kind, when the scheme names a class and no
    国公費 applies.
    """
    return (
        frame.lazy()
        .with_columns(share=pl.when(IN_KIND).then(_share_in_kind(blocks)).otherwise(paid_share()))
        .with_columns(automatic=_automatic(blocks))
        .with_columns(computed=pl.when("automatic").then(_computed_high_cost(blocks)))
        .with_columns(deducted=pl.coalesce("high_cost", "computed", _ZERO))
        .with_columns(left=pl.coalesce("public_share", "share") - pl.col("deducted") - pl.col("extra_benefit"))
        .with_columns(basis=pl.col("left").clip(0), mask=pl.col("mask") | _reasons())
        .collect()
    )


def paid_share() -> pl.Expr:
    """The share as it is paid at the window: what was given, or 10円未満四捨五入 (健康保険法75条). Never negative."""
    return pl.coalesce("patient_share", _ten_yen()).clip(0)


def _ten_yen() -> pl.Expr:
    return round_yen_expr(_hundredfold(), 100, PAID)


def _hundredfold() -> pl.Expr:
    return pl.col("cost") * (100 - pl.col("benefit_rate"))


def _share_in_kind(blocks: Sequence[Block]) -> pl.Expr:
    """What the insurer leaves of the cost. A given share that is only this one in ten yen stands for this one."""
    exact = rounded_by_block(_hundredfold(), 100, blocks, of_share)
    given = pl.col("patient_share")
    return pl.when(given.is_null() | (given == _ten_yen())).then(exact).otherwise(given).clip(0)


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
