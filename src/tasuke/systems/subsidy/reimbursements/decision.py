"""Receipt lines decided on columns: entitlement on the day, deadline, duplicates, the scheme's copayment, the account.

Pure: frames in, one row per line out, each with exactly one outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from tasuke.core.numbers import prefecture_expr
from tasuke.schemes.copayment.compute import compute
from tasuke.schemes.copayment.high_cost import high_cost_benefit_expr
from tasuke.schemes.copayment.reasons import CopayReason
from tasuke.schemes.definition import Scheme
from tasuke.systems.subsidy.reimbursements.deadlines import deadlines_of
from tasuke.systems.subsidy.reimbursements.duplicates import mark_in_kind, mark_known_receipts
from tasuke.systems.subsidy.reimbursements.reasons import (
    HOLD_MASK,
    REJECT_MASK,
    LineOutcome,
    ReceiptReason,
    codes_of,
    flag,
    outcome_expr,
)

_ENTITLEMENT = (
    "entitlement_id",
    "recipient_no",
    "band",
    "coverage",
    "copay_class",
    "funding",
)
_ALL_PAID, _DEVICE = "4", "5"  # 償還理由: 10割支払, 治療用装具

_COPAY_REASONS: dict[CopayReason, ReceiptReason] = {
    CopayReason.NO_RULE_IN_FORCE: ReceiptReason.NO_RULE,
    CopayReason.COPAY_CLASS_MISSING: ReceiptReason.NO_RULE,
    CopayReason.OUTSIDE_COVERAGE: ReceiptReason.OUTSIDE_COVERAGE,
    CopayReason.CARE_NOT_COVERED: ReceiptReason.CARE_NOT_COVERED,
    CopayReason.HIGH_COST_DEDUCTED: ReceiptReason.HIGH_COST_DEDUCTED,
    CopayReason.EXTRA_BENEFIT_DEDUCTED: ReceiptReason.EXTRA_BENEFIT_DEDUCTED,
    CopayReason.PUBLIC_PROGRAM_FIRST: ReceiptReason.PUBLIC_PROGRAM_FIRST,
    CopayReason.UNCONFIRMED_RULE: ReceiptReason.UNCONFIRMED_RULE,
}
_COMPUTED: dict[str, pl.DataType] = {
    "line_id": pl.Int64(),
    "basis": pl.Int64(),
    "burden": pl.Int64(),
    "subsidy": pl.Int64(),
    "meals_subsidy": pl.Int64(),
    "copay_version": pl.String(),
    "copay_mask": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Books:
    """What receipts are held against. decided: lines that earlier runs decided (columns as the lines); in_kind: claims
    of these persons and months that count; accounts: persons with an account of their own; prior: burdens kept before,
    by scheme, for caps."""

    entitlements: pl.DataFrame
    births: pl.DataFrame
    decided: pl.DataFrame
    in_kind: pl.DataFrame
    accounts: pl.Series
    prefecture_code: str
    prior: Mapping[str, pl.DataFrame]


def decide_lines(
    lines: pl.DataFrame,
    books: Books,
    schemes: Mapping[str, Scheme],
    *,
    confirmed: Mapping[str, frozenset[str]],
    on: date,
) -> pl.DataFrame:
    """The lines with entitlement, basis, burden, subsidy, meals_subsidy, amount, outcome, reasons; in their order."""
    frame = lines.with_columns(mask=flag(~pl.col("scheme").is_in(list(schemes)), ReceiptReason.SCHEME_UNKNOWN))
    frame = _with_entitlement(frame, books.entitlements)
    frame = frame.join(books.births, on="atena_no", how="left", maintain_order="left")
    frame = _with_deadline(frame, schemes, confirmed)
    frame = mark_known_receipts(frame, books.decided)
    frame = mark_in_kind(frame, books.in_kind)
    frame = _with_amounts(frame, books, schemes, confirmed)
    frame = _with_papers(frame, books, schemes, on)
    frame = frame.with_columns(outcome=outcome_expr(pl.col("mask")))
    paid = pl.col("outcome") == LineOutcome.GRANTED.value
    amounts = [pl.when(paid).then(c).otherwise(0).alias(c) for c in ("subsidy", "meals_subsidy")]
    reasons = pl.Series("reasons", _reasons(frame), dtype=pl.List(pl.String))
    frame = frame.with_columns(*amounts, reasons)
    return frame.with_columns(amount=pl.col("subsidy") + pl.col("meals_subsidy"))


def _reasons(frame: pl.DataFrame) -> list[list[str]]:
    """Only what led to the outcome: a rejected line does not also tell what it would have had to wait for."""
    told: list[list[str]] = []
    for mask in frame.get_column("mask"):
        grave = mask & REJECT_MASK or mask & HOLD_MASK or mask
        told.append([code.value for code in codes_of(grave)])
    return told


def _with_entitlement(frame: pl.DataFrame, entitlements: pl.DataFrame) -> pl.DataFrame:
    held = entitlements.select(
        "scheme", "atena_no", "valid_from", "valid_to", *[pl.col(c).alias(f"e_{c}") for c in _ENTITLEMENT]
    )
    pairs = frame.select("line_id", "scheme", "atena_no", "service_date").join(held, on=["scheme", "atena_no"])
    day = pl.col("service_date")
    inside = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (day < pl.col("valid_to")))
    known = pairs.group_by("line_id").agg(started=(pl.col("valid_from") <= day).any())
    covering = pairs.filter(inside).unique("line_id", keep="first")
    frame = frame.join(
        covering.select("line_id", *[f"e_{c}" for c in _ENTITLEMENT]), on="line_id", how="left", maintain_order="left"
    ).join(known, on="line_id", how="left", maintain_order="left")
    none, started = pl.col("e_entitlement_id").is_null(), pl.col("started")
    differs = (pl.col("recipient_no") != "") & (pl.col("recipient_no") != pl.col("e_recipient_no"))
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(none & started.is_null(), ReceiptReason.NEVER_ENTITLED)
        | flag(none & ~started, ReceiptReason.BEFORE_START)
        | flag(none & started, ReceiptReason.AFTER_LOSS)
        | flag(differs, ReceiptReason.RECIPIENT_NUMBER_DIFFERS)
    )


def _with_deadline(
    frame: pl.DataFrame, schemes: Mapping[str, Scheme], confirmed: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    """An application after the last day is too late; where nobody has confirmed the deadline the line only waits."""
    frame = frame.join(deadlines_of(frame, schemes, confirmed), on="line_id", how="left", maintain_order="left")
    late = pl.col("received_on") > pl.col("last_day")
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(late & pl.col("deadline_sure"), ReceiptReason.DEADLINE_PASSED)
        | flag(late & ~pl.col("deadline_sure"), ReceiptReason.DEADLINE_PERHAPS_PASSED)
    )


def _with_amounts(
    frame: pl.DataFrame, books: Books, schemes: Mapping[str, Scheme], confirmed: Mapping[str, frozenset[str]]
) -> pl.DataFrame:
    results = [pl.DataFrame(schema=_COMPUTED)]
    for name, scheme in schemes.items():
        part = frame.filter((pl.col("scheme") == name) & pl.col("e_entitlement_id").is_not_null())
        if part.height:
            # what is not paid anyway uses up no cap and no count
            part = part.filter(pl.col("mask") & REJECT_MASK == 0)
            visits = _visits(part, books.prefecture_code)
            result = compute(scheme, visits, prior=books.prior.get(name), confirmed=confirmed.get(name, frozenset()))
            results.append(_computed(result))
    frame = frame.join(pl.concat(results), on="line_id", how="left", maintain_order="left")
    frame = frame.with_columns(
        *[pl.col(c).fill_null(0) for c in ("basis", "burden", "subsidy", "meals_subsidy")],
        mask=pl.col("mask") | pl.col("copay_mask").fill_null(0),
    )
    return _capped(frame)


def _visits(part: pl.DataFrame, prefecture_code: str) -> pl.DataFrame:
    local = prefecture_expr(pl.col("institution_code")) == prefecture_code
    return part.select(
        pl.col("line_id").cast(pl.String).alias("id"),
        pl.col("atena_no").alias("person_id"),
        "service_date",
        "birth_date",
        pl.col("e_copay_class").alias("copay_class"),
        pl.col("e_coverage").alias("coverage"),
        pl.when(pl.col("institution_code") != "")
        .then("institution_code")
        .otherwise("institution_name")
        .alias("institution"),
        "care",
        "inpatient",
        "visits",
        "first_visits",
        "days",
        "cost",
        "benefit_rate",
        "patient_share",
        "high_cost",
        "extra_benefit",
        "public_share",
        "meals",
        pl.when(pl.col("institution_code") != "").then(local).otherwise(pl.lit(value=False)).alias("in_prefecture"),
        pl.lit(value=False).alias("billed_in_kind"),
    )


def _computed(result: pl.DataFrame) -> pl.DataFrame:
    mask = pl.lit(0, dtype=pl.Int64)
    for code, reason in _COPAY_REASONS.items():
        mask = mask | flag(pl.col("reasons").list.contains(pl.lit(code.value)), reason)
    return result.select(
        pl.col("id").cast(pl.Int64).alias("line_id"),
        "basis",
        "burden",
        # what a cap gives back later is given back now: nobody else will
        (pl.col("subsidy") + pl.col("refund")).alias("subsidy"),
        "meals_subsidy",
        pl.col("version").alias("copay_version"),
        copay_mask=mask,
    )


def _capped(frame: pl.DataFrame) -> pl.DataFrame:
    """No more than was paid at the window, less what others give back. 10割 and devices were paid in full first."""
    given_back = pl.col("high_cost") + pl.col("extra_benefit")
    left = (pl.col("paid") - given_back).clip(0)
    shared = pl.col("reason").is_in([_ALL_PAID, _DEVICE])
    total = pl.col("subsidy") + pl.col("meals_subsidy")
    over = ~shared & (total > left)
    meals = pl.min_horizontal("meals_subsidy", left)
    open_ = pl.col("mask") & REJECT_MASK == 0
    return frame.with_columns(
        subsidy=pl.when(over).then(left - meals).otherwise("subsidy"),
        meals_subsidy=pl.when(over).then(meals).otherwise("meals_subsidy"),
        mask=pl.col("mask") | flag(open_ & over & (left > 0), ReceiptReason.PAID_LIMITS_AMOUNT),
    ).with_columns(
        mask=pl.col("mask")
        | flag(open_ & (pl.col("subsidy") + pl.col("meals_subsidy") <= 0), ReceiptReason.NOTHING_LEFT)
    )


def _with_papers(frame: pl.DataFrame, books: Books, schemes: Mapping[str, Scheme], on: date) -> pl.DataFrame:
    """What has to come in first: notices of the insurer, an account."""
    above = pl.lit(0, dtype=pl.Int64)
    for limit_class in sorted(_limit_classes(schemes, on)):
        benefit = high_cost_benefit_expr(
            cost=pl.col("cost"),
            share=pl.col("patient_share"),
            service_date=pl.col("service_date"),
            limit_class=limit_class,
        )
        above = pl.max_horizontal(above, benefit.fill_null(0))
    high = (above > 0) & (pl.col("high_cost") == 0) & pl.col("public_share").is_null()
    # 10割 paid: the insurer's 療養費 must be decided, which shows in a share below the cost
    undivided = pl.col("reason").is_in([_ALL_PAID, _DEVICE]) & (pl.col("patient_share") >= pl.col("cost"))
    undivided = undivided & (pl.col("cost") > 0)
    payee = pl.col("has_account") | pl.col("applicant_atena_no").is_in(books.accounts.implode())
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(high, ReceiptReason.HIGH_COST_NOTICE_MISSING)
        | flag(undivided, ReceiptReason.INSURER_BENEFIT_MISSING)
        | flag(~payee, ReceiptReason.ACCOUNT_MISSING)
    )


def _limit_classes(schemes: Mapping[str, Scheme], on: date) -> set[str]:
    named = {rules.benefit.high_cost_class for s in schemes.values() for rules in s.copayment if rules.valid_from <= on}
    return {c for c in named if c is not None}
