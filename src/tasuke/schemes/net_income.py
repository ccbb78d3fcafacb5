"""所得額: from a row of the tax feed to the figure that is compared with the limit, as expressions.

    所得額 = 総所得金額等 + 養育費の一定割合 − 控除   (never below 0)

The flat deduction (一律8万円) is taken only where the limit table's figures are those after it (`basis`).
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_

import polars as pl

from tasuke.core.money import round_yen_expr
from tasuke.schemes.definition import ChildSupport, Deduction, DeductionSet, Income, LimitTable
from tasuke.schemes.vocabulary import DeductionKind

_COUNTED = {
    DeductionKind.DISABLED: "disabled_count",
    DeductionKind.SPECIAL_DISABLED: "special_disabled_count",
    DeductionKind.WIDOW: "widow",
    DeductionKind.SINGLE_PARENT: "single_parent",
    DeductionKind.WORKING_STUDENT: "working_student",
}
_ACTUAL = {
    DeductionKind.CASUALTY: "deduction_casualty",
    DeductionKind.MEDICAL: "deduction_medical",
    DeductionKind.SMALL_BUSINESS: "deduction_small_business",
    DeductionKind.SPOUSE_SPECIAL: "deduction_spouse_special",
}
UNTAXED, PER_CAPITA_ONLY, UNDECLARED = 1, 2, 4


def total_expr() -> pl.Expr:
    """総所得金額等; 0 for someone untaxed without a figure, null when nobody knows."""
    figure = pl.col("total_income")
    untaxed = pl.when(pl.col("status_code") == UNTAXED).then(0)
    return pl.when(pl.col("status_code").eq_missing(UNDECLARED)).then(None).otherwise(pl.coalesce(figure, untaxed))


def levy_expr() -> pl.Expr:
    """所得割額; 0 for someone untaxed or taxed per capita only, null when nobody knows."""
    status = pl.col("status_code")
    none = pl.when(status.is_in([UNTAXED, PER_CAPITA_ONLY])).then(0)
    return pl.when(status.eq_missing(UNDECLARED)).then(None).otherwise(pl.coalesce(none, pl.col("income_levy")))


def child_support_expr(rule: ChildSupport | None) -> pl.Expr:
    """The part of the 養育費 that counts (Int64, 0 when none)."""
    if rule is None:
        return pl.lit(0, dtype=pl.Int64)
    counted = pl.col("subject").is_in([str(s) for s in rule.subjects]).fill_null(value=False)
    part = round_yen_expr(pl.col("child_support").fill_null(0) * rule.percent, 100, rule.rounding)
    return pl.when(counted).then(part).otherwise(0)


def deduction_exprs(group: DeductionSet) -> dict[DeductionKind, pl.Expr]:
    """Each deduction of the set but the flat one, in yen (Int64; null where the tax feed says nothing, which is 0)."""
    return {d.kind: _deduction(d) for d in group.item if d.kind is not DeductionKind.FLAT}


def _deduction(deduction: Deduction) -> pl.Expr:
    yen = _plain_deduction(deduction)
    if deduction.from_income_year is not None:
        yen = yen * (pl.col("income_year") >= deduction.from_income_year).cast(pl.Int64)
    if deduction.except_subjects:
        excepted = [pl.col("subject").ne_missing(str(s)) for s in deduction.except_subjects]
        yen = yen * reduce(and_, excepted).cast(pl.Int64)
    return yen


def _plain_deduction(deduction: Deduction) -> pl.Expr:
    kind, amount = deduction.kind, deduction.amount or 0
    if kind in _COUNTED:
        return pl.col(_COUNTED[kind]).cast(pl.Int64) * amount
    if kind in _ACTUAL:
        return pl.col(_ACTUAL[kind])
    # the adjustment never exceeds what was earned
    return pl.sum_horizontal("salary_income", "pension_income").clip(0, amount)


def before_flat_expr(income: Income, group: DeductionSet) -> pl.Expr:
    """所得額 before the flat deduction and before it is held at 0; null when unknown."""
    figure = total_expr()
    if income.child_support is not None:
        figure = figure + child_support_expr(income.child_support)
    deductions = deduction_exprs(group)
    return figure - pl.sum_horizontal(list(deductions.values())) if deductions else figure


def compared_expr(table: LimitTable, group: DeductionSet, income: Income) -> pl.Expr:
    """The figure that is compared with this table (Int64, ≥ 0, null when unknown). Reads `_before_flat` or `_levy`."""
    if income.index == "income_levy":
        return pl.col("_levy")
    flat = group.amount_of(DeductionKind.FLAT) if table.basis == "after_flat" else 0
    return (pl.col("_before_flat") - flat).clip(lower_bound=0)


def limit_expr(table: LimitTable) -> pl.Expr:
    """限度額 for the row's dependents (Int64)."""
    count = pl.col("dependents").fill_null(0)
    limit = pl.lit(table.limits[0], dtype=pl.Int64)
    for number, (low, high) in enumerate(zip(table.limits, table.limits[1:], strict=False), start=1):
        limit = limit + (count >= number).cast(pl.Int64) * (high - low)
    limit = limit + (count - (len(table.limits) - 1)).clip(lower_bound=0) * table.per_additional
    if table.elderly:
        limit = limit + elderly_expr(table) * table.elderly
    if table.specific:
        specific = pl.col("dependents_specific").fill_null(0) + pl.col("dependents_16_18").fill_null(0)
        limit = limit + specific * table.specific
    return limit


def elderly_expr(table: LimitTable) -> pl.Expr:
    """How many elderly dependents raise the limit; one fewer when there are no others, if the table says so."""
    elderly = pl.col("dependents_elderly").fill_null(0)
    if not table.elderly_except_one:
        return elderly
    alone = (elderly > 0) & (pl.col("dependents").fill_null(0) <= elderly)
    return elderly - alone.cast(pl.Int64)


def by_subject(tables: Mapping[str, str | None], exprs: Mapping[str, pl.Expr], empty: pl.Expr) -> pl.Expr:
    """The expression of each row's own table, `empty` for subjects without one."""
    groups: dict[str, list[str]] = {}
    for subject, table in tables.items():
        if table is not None:
            groups.setdefault(table, []).append(subject)
    if not groups:
        return empty
    if len(groups) == 1 and None not in tables.values():
        return exprs[next(iter(groups))]
    chosen = empty
    for table, subjects in groups.items():
        chosen = pl.when(_is_one_of(subjects)).then(exprs[table]).otherwise(chosen)
    return chosen


def _is_one_of(subjects: Sequence[str]) -> pl.Expr:
    return pl.col("subject").is_in(list(subjects)).fill_null(value=False)
