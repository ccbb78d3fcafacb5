"""The way of payment (現物給付 or 償還払い), and the part of the hospital meals that is subsidised."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.money import round_yen_expr
from tasuke.core.numbers import prefecture_expr
from tasuke.schemes.copayment.basis import paid_share
from tasuke.schemes.copayment.definition import ExcludedInsurers, InKindThreshold
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.select import Block, matches_filter, unit_value

_SOCIETY = "2"  # 国保組合, in the codes of the NHI feed


def add_method(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.DataFrame:
    """Adds method ("in_kind", "reimbursement", "none") and the bits that say why a row is not paid in kind."""
    over = _over_threshold(frame, blocks)
    frame = frame.with_columns(over_threshold=over)
    causes = (
        flag(~pl.col("p_in_kind"), CopayReason.REIMBURSEMENT_ONLY)
        | flag(_outside_area(blocks), CopayReason.OUTSIDE_AREA)
        | flag(_excluded(blocks), CopayReason.EXCLUDED_INSURER)
        | flag(pl.col("over_threshold"), CopayReason.ABOVE_IN_KIND_THRESHOLD)
    )
    covered = pl.col("rule").is_not_null()
    causes = causes | flag(_excluded(blocks, unconfirmed_only=True), CopayReason.UNCONFIRMED_RULE)
    frame = frame.with_columns(causes=pl.when(covered).then(causes).otherwise(0))
    unbilled = covered & ~pl.col("billed_in_kind") & (pl.col("causes") == 0)
    frame = frame.with_columns(causes=pl.col("causes") | flag(unbilled, CopayReason.NOT_BILLED_IN_KIND))
    method = pl.when(~covered).then(pl.lit("none")).when(pl.col("causes") == 0).then(pl.lit("in_kind"))
    return frame.with_columns(method=method.otherwise(pl.lit("reimbursement")), mask=pl.col("mask") | pl.col("causes"))


def meals_subsidy(blocks: Sequence[Block]) -> pl.Expr:
    """助成する食事療養標準負担額 (Int64): of covered inpatient rows, by the first matching table of the block."""
    amount: pl.Expr = pl.lit(0, dtype=pl.Int64)
    for number, block in enumerate(blocks):
        for table in reversed(block.rules.meals):
            part = round_yen_expr(pl.col("meals") * table.numerator, table.denominator, table.rounding)
            amount = pl.when((pl.col("block") == number) & matches_filter(table)).then(part).otherwise(amount)
    covered = pl.col("rule").is_not_null() & pl.col("inpatient") & (pl.col("meals") > 0)
    return pl.when(covered).then(amount).otherwise(0)


def _outside_area(blocks: Sequence[Block]) -> pl.Expr:
    nowhere = [n for n, block in enumerate(blocks) if block.rules.benefit.area == "nowhere"]
    local = [n for n, block in enumerate(blocks) if block.rules.benefit.area == "prefecture"]
    return pl.col("block").is_in(nowhere) | (pl.col("block").is_in(local) & ~pl.col("in_prefecture"))


def _excluded(blocks: Sequence[Block], *, unconfirmed_only: bool = False) -> pl.Expr:
    excluded: pl.Expr = pl.lit(value=False)
    for number, block in enumerate(blocks):
        for table in block.rules.benefit.excluded_insurers:
            if unconfirmed_only and not table.unconfirmed:
                continue
            of_block = pl.col("block") == number
            excluded = excluded | (of_block & _is_excluded(table, block.rules.benefit.prefecture))
    return excluded.fill_null(value=False)


def _is_excluded(table: ExcludedInsurers, prefecture: str) -> pl.Expr:
    """An insurer of the excluded kinds. Without a kind, a 6-digit number with 3 in third place is a 国保組合.

    国民健康保険の保険者番号: 都道府県2桁 + 保険者別3桁 (組合は301以上) + 検証1桁.
    """
    number = pl.col("insurer_no")
    by_number = pl.when(number.str.contains(r"^\d{2}3\d{3}$")).then(pl.lit(_SOCIETY))
    wanted = pl.coalesce(pl.col("insurance_kind"), by_number).is_in(list(table.kinds))
    if table.only_outside_prefecture:
        wanted = wanted & (prefecture_expr(number) != prefecture)
    spared = [e.insurer_no for e in table.exceptions if e.insurer_no is not None]
    return wanted & ~number.is_in(spared).fill_null(value=False)


def _over_threshold(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.Series:
    """True for all rows of a person's unit and month whose shares, as paid, reach the threshold (初診に遡る)."""
    over: pl.Expr = pl.lit(value=False)
    for number, block in enumerate(blocks):
        threshold = block.rules.benefit.threshold
        if threshold is not None:
            over = over | ((pl.col("block") == number) & _reached(threshold))
    return (
        frame.select(over=over.fill_null(value=False)).get_column("over") if _has_threshold(blocks) else _false(frame)
    )


def _reached(threshold: InKindThreshold) -> pl.Expr:
    keys = [pl.col("person_id"), pl.col("month"), pl.col("block"), *(unit_value(key) for key in threshold.unit)]
    counted = pl.when(pl.col("rule").is_not_null() & ~pl.col("settled")).then(paid_share()).otherwise(0)
    return counted.sum().over(keys) >= threshold.amount


def _has_threshold(blocks: Sequence[Block]) -> bool:
    return any(block.rules.benefit.threshold is not None for block in blocks)


def _false(frame: pl.DataFrame) -> pl.Series:
    return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
