"""Which rule decides a row: the dated rules of a scheme compiled to one expression and one table of parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from tasuke.core.calendar_columns import attain_expr, first_march_31_expr, next_month_expr
from tasuke.schemes.copayment.definition import (
    AgePoint,
    AgeSwitch,
    CareRule,
    CopaymentRules,
    Filtered,
    Per,
    Setting,
    UnitKey,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One dated set of rules with the last day made explicit."""

    rules: CopaymentRules
    until: date | None  # end-exclusive

    def covers(self, day: pl.Expr) -> pl.Expr:
        """True where the service day falls into the block."""
        started = day >= self.rules.valid_from
        return started if self.until is None else started & (day < self.until)


@dataclass(frozen=True, slots=True)
class Choice:
    """One rule as it stands in its block."""

    number: int
    block_number: int
    block: Block
    rule: CareRule
    unconfirmed: bool


def blocks_between(rules: Sequence[CopaymentRules], first: date | None, last: date | None) -> list[Block]:
    """The blocks in order of their first day, those only that hold some day of [first, last]."""
    ordered = sorted(rules, key=lambda block: block.valid_from)
    followers: list[date | None] = [*(block.valid_from for block in ordered[1:]), None]
    blocks = [Block(block, _earlier(block.valid_to, after)) for block, after in zip(ordered, followers, strict=True)]
    if first is None or last is None:
        return []
    return [b for b in blocks if b.rules.valid_from <= last and (b.until is None or b.until > first)]


def choices_of(blocks: Sequence[Block], confirmed: frozenset[str]) -> list[Choice]:
    """Every rule of the blocks, numbered in the order in which they are tried."""
    choices: list[Choice] = []
    for block_number, block in enumerate(blocks):
        root = f"copayment.{block.rules.id}"
        block_open = block.rules.unconfirmed and root not in confirmed
        for rule in block.rules.rule:
            is_open = rule.unconfirmed and f"{root}.rule.{rule.key}" not in confirmed
            choices.append(Choice(len(choices), block_number, block, rule, unconfirmed=block_open or is_open))
    return choices


def rule_number(choices: Sequence[Choice]) -> pl.Expr:
    """The number of the first rule that matches the row (Int32), null when none does."""
    number: pl.Expr = pl.lit(None, dtype=pl.Int32)
    for choice in reversed(choices):
        matches = choice.block.covers(pl.col("service_date")) & matches_filter(choice.rule)
        number = pl.when(matches).then(pl.lit(choice.number, dtype=pl.Int32)).otherwise(number)
    return number


def block_number(blocks: Sequence[Block]) -> pl.Expr:
    """The number of the block in force on the service day (Int32), null when none is."""
    number: pl.Expr = pl.lit(None, dtype=pl.Int32)
    for place, block in enumerate(blocks):
        covered = block.covers(pl.col("service_date"))
        number = pl.when(covered).then(pl.lit(place, dtype=pl.Int32)).otherwise(number)
    return number


def parameters(choices: Sequence[Choice]) -> pl.DataFrame:
    """One row for each rule: the values that the column arithmetic needs, named `p_…`."""
    rows = [
        {
            "rule": choice.number,
            "rule_key": f"copayment.{choice.block.rules.id}.rule.{choice.rule.key}",
            "p_method": choice.rule.method.value,
            "p_amount": choice.rule.amount,
            "p_per": choice.rule.per.value,
            "p_each": choice.rule.compare == "occurrence",
            "p_times": choice.rule.times_per_month,
            "p_consecutive": choice.rule.free_from_consecutive_month,
            "p_in_kind": choice.rule.in_kind,
            "p_unconfirmed": choice.unconfirmed,
            "p_window": choice.rule.times_per_month is not None or choice.rule.per in (Per.DAY, Per.MONTH),
        }
        for choice in choices
    ]
    return pl.DataFrame(rows, schema=_PARAMETER_SCHEMA)


_PARAMETER_SCHEMA: dict[str, pl.DataType] = {
    "rule": pl.Int32(),
    "rule_key": pl.String(),
    "p_method": pl.String(),
    "p_amount": pl.Int64(),
    "p_per": pl.String(),
    "p_each": pl.Boolean(),
    "p_times": pl.Int64(),
    "p_consecutive": pl.Int64(),
    "p_in_kind": pl.Boolean(),
    "p_unconfirmed": pl.Boolean(),
    "p_window": pl.Boolean(),
}


def matches_filter(wanted: Filtered) -> pl.Expr:
    """True where care, setting, class, levy and age are those that the table looks at.

    Unknown facts do not match, but for settled rows: what was kept counts although its class or age was not handed on.
    """
    conditions: list[pl.Expr] = []
    if wanted.cares:
        conditions.append(pl.col("care").is_in([care.value for care in wanted.cares]))
    if wanted.setting is not Setting.BOTH:
        inpatient = pl.col("inpatient")
        conditions.append(inpatient if wanted.setting is Setting.INPATIENT else ~inpatient)
    if wanted.copay_classes:
        conditions.append(pl.col("copay_class").is_in(list(wanted.copay_classes)))
    if wanted.levy_zero is not None:
        conditions.append(pl.col("income_levy_zero").eq(wanted.levy_zero))
    if wanted.age_from is not None:
        conditions.append(pl.col("service_date") >= age_day(wanted.age_from))
    if wanted.age_until is not None:
        conditions.append(pl.col("service_date") < age_day(wanted.age_until))
    return pl.all_horizontal(*conditions).fill_null(pl.col("settled")) if conditions else pl.lit(value=True)


def age_day(point: AgePoint) -> pl.Expr:
    """The first day of the new band for the person of the row (pl.Date)."""
    attained = attain_expr(pl.col("birth_date"), point.age)
    following = attained + timedelta(days=1)
    match point.switch:
        case AgeSwitch.ATTAIN:
            return attained
        case AgeSwitch.BIRTHDAY:
            return following
        case AgeSwitch.NEXT_MONTH:
            return next_month_expr(attained)  # born on the 1st: the day before is in the month before
        case AgeSwitch.APRIL:
            return first_march_31_expr(attained) + timedelta(days=1)


def unit_columns(blocks: Sequence[Block]) -> list[pl.Expr]:
    """Columns u_…: what sets the counting units of each row's block apart. An unused key is null."""
    expressions: list[pl.Expr] = []
    used = {key for block in blocks for key in block.rules.unit}
    for key in UnitKey:
        if key in used:
            having = [n for n, block in enumerate(blocks) if key in block.rules.unit]
            value = unit_value(key)
            whole = len(having) == len(blocks)
            column = value if whole else pl.when(pl.col("block").is_in(having)).then(value)
            expressions.append(column.alias(f"u_{key.value}"))
    return expressions


def unit_value(key: UnitKey) -> pl.Expr:
    """The column in which units differ. `settled_at` is the institution or, where combined, the prescriber."""
    match key:
        case UnitKey.INSTITUTION:
            return pl.col("settled_at")
        case UnitKey.SETTING:
            return pl.col("inpatient")
        case UnitKey.DENTAL:
            return pl.col("care") == "dental"
        case UnitKey.CARE:
            return pl.col("care")
        case UnitKey.DEPARTMENT:
            return pl.col("department")
        case UnitKey.INSURER:
            return pl.col("insurer_no")


def settled_at(blocks: Sequence[Block]) -> pl.Expr:
    """The institution that a row counts for (薬局を処方元と合算する制度では処方元)."""
    combining = [n for n, block in enumerate(blocks) if block.rules.pharmacy == "prescriber"]
    combined = pl.col("block").is_in(combining) & (pl.col("care") == "pharmacy") & pl.col("prescriber").is_not_null()
    institution = pl.col("institution")
    return pl.when(combined).then(pl.col("prescriber")).otherwise(institution) if combining else institution


def _earlier(end: date | None, follower: date | None) -> date | None:
    ends = [day for day in (end, follower) if day is not None]
    return min(ends) if ends else None
