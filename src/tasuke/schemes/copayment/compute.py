"""Copayments on columns: visits in, amounts out. One implementation for one person and for a whole city."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from tasuke.schemes.copayment.basis import add_basis
from tasuke.schemes.copayment.benefit import add_method, meals_subsidy
from tasuke.schemes.copayment.burden import add_burden
from tasuke.schemes.copayment.caps import apply_caps
from tasuke.schemes.copayment.definition import CopaymentRules
from tasuke.schemes.copayment.reasons import CopayReason, flag, reasons_column
from tasuke.schemes.copayment.select import (
    Block,
    Choice,
    block_number,
    blocks_between,
    choices_of,
    parameters,
    rule_number,
    settled_at,
    unit_columns,
)
from tasuke.schemes.copayment.visits import normalise_prior, normalise_visits
from tasuke.schemes.copayment.window import add_window

RESULT_COLUMNS = (
    "id",
    "version",
    "basis",
    "burden",
    "subsidy",
    "meals_subsidy",
    "method",
    "refund",
    "reasons",
    "burden_low",
    "rule_key",
    "share",
    "window",
    "window_low",
)


class CopaymentScheme(Protocol):
    """What is asked of a scheme: its dated copayment rules."""

    @property
    def copayment(self) -> Sequence[CopaymentRules]: ...


def compute(
    scheme: CopaymentScheme,
    visits: pl.DataFrame,
    *,
    prior: pl.DataFrame | None = None,
    confirmed: frozenset[str] = frozenset(),
) -> pl.DataFrame:
    """一部負担金 and 助成額 of each row, in the order of `visits`.

    visits: columns of visits.VISIT_SCHEMA (id, person_id, service_date, institution, care and inpatient are required;
    ids are unique). Months may be given as one row or as single visits. prior: rows settled before, with `burden` and
    `refund`: they use up caps and counts first and do not appear in the result. confirmed: keys of unconfirmed values
    that the municipality has confirmed. All money in yen (Int64).

    Result: RESULT_COLUMNS. burden + subsidy == basis on every row; refund is the part of burden paid back later;
    burden_low < burden where only the month is known and the real burden lies between the two. In kind, all these are
    as the receipt has them (whole yen), cost − basis is what insurance and the state pay, and the patient hands over
    between window_low and window (10 yen each time; the two are equal where the payments are known, null otherwise
    than in kind). Raises MissingColumns.
    """
    return trace(scheme, visits, prior=prior, confirmed=confirmed).select(RESULT_COLUMNS)


def trace(
    scheme: CopaymentScheme,
    visits: pl.DataFrame,
    *,
    prior: pl.DataFrame | None = None,
    confirmed: frozenset[str] = frozenset(),
) -> pl.DataFrame:
    """`compute` with all columns of the way: what the explanation is told from. Raises MissingColumns."""
    frame = _together(normalise_visits(visits), prior)
    first, last = frame.select(first=pl.col("service_date").min(), last=pl.col("service_date").max()).row(0)
    blocks = blocks_between(scheme.copayment, first, last)
    choices = choices_of(blocks, confirmed)
    frame = add_basis(add_method(_with_rules(frame, blocks, choices), blocks), blocks)
    frame = add_burden(frame, choices, blocks)
    frame = apply_caps(frame, blocks, confirmed)
    return _result(add_window(frame.filter(~pl.col("settled")), blocks, confirmed), blocks)


def _together(visits: pl.DataFrame, prior: pl.DataFrame | None) -> pl.DataFrame:
    """Visits and settled rows in one frame with row, settled and month (year × 12 + month)."""
    fresh = visits.with_columns(
        burden=pl.lit(0, dtype=pl.Int64),
        refund=pl.lit(0, dtype=pl.Int64),
        capped=pl.lit(value=False),
        settled=pl.lit(value=False),
    )
    settled = normalise_prior(prior).with_columns(settled=pl.lit(value=True))
    frame = pl.concat([fresh, settled.select(fresh.columns)]) if settled.height else fresh
    day = pl.col("service_date")
    month = day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64)
    return frame.with_row_index("row").with_columns(month=month)


def _with_rules(frame: pl.DataFrame, blocks: Sequence[Block], choices: Sequence[Choice]) -> pl.DataFrame:
    """Adds block, rule, the rule's parameters, the counting unit and the reasons why a row has no rule."""
    inpatient, coverage = pl.col("inpatient"), pl.col("coverage")
    outside = ((coverage == "inpatient") & ~inpatient) | ((coverage == "outpatient_only") & inpatient)
    frame = (
        frame.lazy()
        .with_columns(block=block_number(blocks), outside=outside.fill_null(value=False))
        .with_columns(rule=pl.when(~pl.col("outside")).then(rule_number(choices)), settled_at=settled_at(blocks))
        .with_columns(*unit_columns(blocks))
        .collect()
    )
    frame = frame.join(parameters(choices), on="rule", how="left", maintain_order="left")
    return frame.with_columns(mask=_rule_reasons(blocks))


def _rule_reasons(blocks: Sequence[Block]) -> pl.Expr:
    in_force = pl.col("block").is_not_null()
    missing = in_force & ~pl.col("outside") & pl.col("rule").is_null()
    no_class = _class_unknown(blocks)
    return (
        flag(~in_force, CopayReason.NO_RULE_IN_FORCE)
        | flag(in_force & pl.col("outside"), CopayReason.OUTSIDE_COVERAGE)
        | flag(missing & no_class, CopayReason.COPAY_CLASS_MISSING)
        | flag(missing & ~no_class, CopayReason.CARE_NOT_COVERED)
        | flag(pl.col("p_unconfirmed"), CopayReason.UNCONFIRMED_RULE)
        | flag(pl.col("uncovered") > 0, CopayReason.UNCOVERED_LEFT_OUT)
    )


def _class_unknown(blocks: Sequence[Block]) -> pl.Expr:
    """True where the block has copay classes and the row's class is none of them."""
    unknown: pl.Expr = pl.lit(value=False)
    for number, block in enumerate(blocks):
        known = sorted({name for rule in block.rules.rule for name in rule.copay_classes})
        if known:
            named = pl.col("copay_class").is_in(known).fill_null(value=False)
            unknown = unknown | ((pl.col("block") == number) & ~named)
    return unknown


def _result(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.DataFrame:
    version = pl.col("block").replace_strict(
        list(range(len(blocks))), [block.rules.id for block in blocks], default=None, return_dtype=pl.String
    )
    covered = pl.col("rule").is_not_null()
    frame = frame.with_columns(
        version=version,
        subsidy=pl.col("basis") - pl.col("burden"),
        refund=pl.when(covered).then("refund").otherwise(0),
        meals_subsidy=meals_subsidy(blocks),
        reasons=reasons_column(frame.get_column("mask")),
    )
    return frame.sort("row")
