"""The amount that the patient keeps before any cap over a month or a year: fixed amounts, rates, counts, long stays."""

from collections.abc import Sequence

import polars as pl

from tasuke.core.money import round_yen_expr
from tasuke.schemes.copayment.definition import Method, Per
from tasuke.schemes.copayment.endings import IN_KIND, PAID, of_share, of_window, rounded_by_block
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.segments import numbered, share_of_limit, starts, sum_before
from tasuke.schemes.copayment.select import Block, Choice

_ZERO = pl.lit(0, dtype=pl.Int64)


def add_burden(frame: pl.DataFrame, choices: Sequence[Choice], blocks: Sequence[Block]) -> pl.DataFrame:
    """Adds burden, burden_low (Int64) and the bits of `mask`. Settled rows keep what they kept."""
    frame = _with_counts(frame)
    frame = _with_exact_shares(frame, blocks)
    frame = frame.lazy().with_columns(allow=pl.col("p_amount") * pl.col("charged_base")).collect()
    frame = frame.lazy().with_columns(raw=_raw(choices)).with_columns(low=_low()).collect()
    frame = frame.with_columns(free=_long_stay(frame))
    kept = pl.when(pl.col("free")).then(_ZERO).otherwise(pl.min_horizontal("raw", "basis"))
    uncovered = pl.col("rule").is_null()
    return (
        frame.lazy()
        .with_columns(
            burden=pl.when(pl.col("settled"))
            .then(pl.col("burden"))
            .when(uncovered)
            .then(pl.col("basis"))
            .otherwise(kept)
        )
        .with_columns(
            burden_low=pl.when(uncovered).then(pl.col("burden")).otherwise(pl.min_horizontal("low", "burden")),
            mask=pl.col("mask") + _mask(),
        )
        .collect()
    )


def _occurrences() -> pl.Expr:
    per = pl.col("p_per")
    return (
        pl.when(per == Per.FIRST_VISIT.value)
        .then(pl.col("first_visits"))
        .when(per == Per.VISIT.value)
        .then(pl.col("visits"))
        .when(per == Per.DAY.value)
        .then(pl.col("days"))
        .otherwise(pl.lit(1, dtype=pl.Int64))
    )


def _with_counts(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds occ (new occurrences), charged (those charged), charged_base (what the allowance counts) and before.

    `before` is what earlier rows of the same month (per month) or of the same day (per day) took of the allowance.
    """
    plain = frame.lazy().with_columns(occ=_occurrences()).with_columns(charged=pl.col("occ"), before=_ZERO).collect()
    plain = plain.with_columns(charged_base=pl.col("charged"))
    windowed = plain.filter(pl.col("p_window"))
    if windowed.is_empty():
        return plain
    counted = _counted(windowed).select("row", "occ", "charged", "charged_base", "before")
    return plain.update(counted, on="row", how="left", maintain_order="left")


def _counted(windowed: pl.DataFrame) -> pl.DataFrame:
    units = [name for name in windowed.columns if name.startswith("u_")]
    keys = ["person_id", "month", *units]
    facts = ["row", "settled", "service_date", "id", "days", "occ", "p_times", "burden", "basis"]
    monthly, daily = (pl.col("p_per") == per.value for per in (Per.MONTH, Per.DAY))
    frame = windowed.select(
        *keys,
        *facts,
        monthly=monthly,
        single=daily & (pl.col("days") <= 1),
        taken=pl.when(pl.col("settled")).then(pl.col("burden")).otherwise(pl.col("basis")),
    )
    frame = _with_days(numbered(frame), keys)
    descending = [*[False] * len(keys), True, False, False]
    frame = frame.sort([*keys, "settled", "service_date", "id"], descending=descending)
    frame = frame.with_columns(start=starts(keys)).with_columns(seen=sum_before("occ", "start"))
    left = pl.when(pl.col("p_times").is_null()).then(pl.col("occ")).otherwise(pl.col("p_times") - pl.col("seen"))
    return _with_shared_allowance(frame.with_columns(charged=left.clip(0, pl.col("occ"))))


def _with_days(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Adds day (a number, null for a row of many days) and day_before; rows of the same day bring one occurrence.

    A row of one day brings a new day only as its unit's first row of that day; a row of many days brings all.
    """
    if not frame.get_column("single").any():
        return frame.with_columns(day=pl.lit(None, dtype=pl.UInt32), day_before=_ZERO)
    day_keys = [*keys, "single", "service_date"]
    frame = frame.sort([*day_keys, "settled", "id"], descending=[*[False] * len(day_keys), True, False])
    frame = frame.with_columns(first=starts(day_keys)).with_columns(day_before=sum_before("taken", "first"))
    later = pl.col("single") & ~pl.col("first")
    return frame.with_columns(
        day=pl.when("single").then(pl.col("first").cum_sum()),
        occ=pl.when(later).then(_ZERO).otherwise(pl.col("occ")),
    )


def _with_shared_allowance(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of one day (per day) or of one month (per month) share one allowance in the order of the rows."""
    month_taken = pl.when("monthly").then(pl.col("taken")).otherwise(_ZERO)
    frame = frame.with_columns(month_taken=month_taken).with_columns(month_before=sum_before("month_taken", "start"))
    base, before = pl.col("charged"), _ZERO
    if frame.get_column("single").any():
        days = frame.filter("first", "single").select("day", day_charged="charged")
        frame = frame.join(days, on="day", how="left", maintain_order="left")
        base = pl.when("single").then(pl.col("day_charged")).otherwise(base)
        before = pl.when("single").then(pl.col("day_before")).otherwise(before)
    return frame.with_columns(
        charged_base=pl.when("monthly").then(pl.lit(1, dtype=pl.Int64)).otherwise(base),
        before=pl.when("monthly").then(pl.col("month_before")).otherwise(before),
    )


def _with_exact_shares(frame: pl.DataFrame, blocks: Sequence[Block]) -> pl.DataFrame:
    """Adds exact: the sum of min(share, amount) over the charged visits, null where the single shares are not known.

    And exact_window: the same sum with each visit's part as it is paid at the window.
    """
    known = (
        (pl.col("p_method") == Method.FIXED.value)
        & pl.col("p_each")
        & pl.col("p_per").is_in([Per.VISIT.value, Per.DAY.value])
        & (pl.col("occ") > 1)
        & (pl.col("charged") > 0)
        & (pl.col("visit_shares").list.len().cast(pl.Int64) == pl.col("occ"))
    )
    shares = pl.col("visit_shares").list.head(pl.col("charged"))
    rows = frame.filter(known).select("row", "p_amount", "block", "method", shares=shares)
    if rows.is_empty():
        return frame.with_columns(exact=pl.lit(None, dtype=pl.Int64), exact_window=pl.lit(None, dtype=pl.Int64))
    billed = pl.when(IN_KIND).then(rounded_by_block(pl.col("shares"), 1, blocks, of_share)).otherwise("shares")
    each = rows.explode("shares").with_columns(exact=pl.min_horizontal(billed, "p_amount").fill_null(0))
    paid = rounded_by_block(pl.col("exact"), 1, blocks, of_window)
    each = each.with_columns(
        exact_window=pl.when(pl.col("exact") == pl.col("p_amount"))
        .then("exact")
        .otherwise(pl.min_horizontal(paid, "p_amount"))
    )
    sums = each.group_by("row").agg(pl.col("exact", "exact_window").sum())
    return frame.join(sums, on="row", how="left", maintain_order="left")


def _raw(choices: Sequence[Choice]) -> pl.Expr:
    """The amount by method, before it is compared with the basis."""
    method = pl.col("p_method")
    fits = share_of_limit(pl.col("allow"), pl.col("before"), pl.col("basis"))
    rated = pl.col("basis")
    for choice in choices:
        rule = choice.rule
        if rule.method in (Method.RATE, Method.REMAINING_RATE):
            of = pl.col("basis") if rule.method is Method.RATE and rule.rate_of == "share" else pl.col("cost")
            part = _rated(of * rule.numerator, choice)
            rated = pl.when(pl.col("rule") == choice.number).then(part).otherwise(rated)
    return (
        pl.when(method == Method.FIXED.value)
        .then(pl.coalesce("exact", fits))
        .when(method == Method.NONE.value)
        .then(_ZERO)
        .when(pl.col("p_times").is_not_null() & (pl.col("charged_base") == 0))
        .then(_ZERO)
        .otherwise(rated)
    )


def _rated(numerator: pl.Expr, choice: Choice) -> pl.Expr:
    """A rate by the rule's own rounding; without one as the share is rounded: in kind by the block, else when paid."""
    rule, block = choice.rule, choice.block
    if rule.rounding is not None:
        return round_yen_expr(numerator, rule.denominator, rule.rounding)
    billed, paid = (round_yen_expr(numerator, rule.denominator, kind) for kind in (of_share(block), PAID))
    return pl.when(IN_KIND).then(billed).otherwise(paid)


def _low() -> pl.Expr:
    """The least that a month's row can come to when its single shares are not known."""
    unknown = (pl.col("p_method") == Method.FIXED.value) & pl.col("p_each") & pl.col("exact").is_null()
    unknown = unknown & pl.col("p_per").is_in([Per.VISIT.value, Per.DAY.value]) & (pl.col("occ") > 1)
    all_in_one = (
        pl.when(pl.col("charged") < pl.col("occ")).then(_ZERO).otherwise(pl.min_horizontal("p_amount", "basis"))
    )
    return pl.when(unknown).then(all_in_one).otherwise(pl.min_horizontal("raw", "basis"))


def _long_stay(frame: pl.DataFrame) -> pl.Series:
    """True where the row's month is the n-th or later month in a row in hospital (連続入院 n か月目以降0円)."""
    if frame.filter(pl.col("p_consecutive").is_not_null()).is_empty():
        return pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True).alias("free")
    keys = ["person_id", "settled_at"]
    stays = frame.filter(pl.col("inpatient")).select(*keys, "month").unique().sort(*keys, "month")
    run = pl.col("month") - pl.int_range(pl.len()).over(keys)
    stays = stays.with_columns(run=run).with_columns(place=pl.int_range(1, pl.len() + 1).over(*keys, "run"))
    placed = frame.select(*keys, "month", "inpatient", "p_consecutive").join(
        stays.select(*keys, "month", "place"), on=[*keys, "month"], how="left", maintain_order="left"
    )
    free = pl.col("inpatient") & (pl.col("place") >= pl.col("p_consecutive"))
    return placed.select(free=free.fill_null(value=False)).get_column("free")


def _mask() -> pl.Expr:
    method = pl.col("p_method")
    fixed = method == Method.FIXED.value
    rated = method.is_in([Method.RATE.value, Method.REMAINING_RATE.value])
    per_time = pl.col("p_per") != Per.MONTH.value
    some = (pl.col("charged") > 0) & ~pl.col("free")
    below = fixed & per_time & some & (pl.col("raw") < pl.col("allow"))
    same_day = (pl.col("p_per") == Per.DAY.value) & (pl.col("occ") == 0) & (pl.col("charged_base") == 0)
    over = (pl.col("charged") < pl.col("occ")) | same_day
    return (
        flag(method == Method.NONE.value, CopayReason.NO_COPAYMENT)
        + flag(fixed, CopayReason.FIXED_AMOUNT)
        + flag(rated, CopayReason.RATE)
        + flag(method == Method.SHARE.value, CopayReason.WHOLE_SHARE)
        + flag(below, CopayReason.SHARE_BELOW_FIXED)
        + flag(pl.min_horizontal("low", "burden") < pl.col("burden"), CopayReason.BOUNDS_ONLY)
        + flag(over & pl.col("p_times").is_not_null(), CopayReason.TIMES_EXCEEDED)
        + flag(pl.col("free"), CopayReason.CONSECUTIVE_FREE)
    )
