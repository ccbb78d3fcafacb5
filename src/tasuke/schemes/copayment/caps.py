"""Upper limits over a month or a year: at the window or refunded; 多数回該当; per institution or over all."""

from collections.abc import Sequence

import polars as pl

from tasuke.schemes.copayment.definition import Cap
from tasuke.schemes.copayment.reasons import CopayReason, flag
from tasuke.schemes.copayment.segments import numbered, share_of_limit, starts, sum_before
from tasuke.schemes.copayment.select import Block, matches_filter, unit_value

_ZERO = pl.lit(0, dtype=pl.Int64)


def apply_caps(frame: pl.DataFrame, blocks: Sequence[Block], confirmed: frozenset[str]) -> pl.DataFrame:
    """Lowers burden, raises refund and adds bits to mask, cap by cap in the order of the list."""
    for number, block in enumerate(blocks):
        for cap in block.rules.cap:
            unconfirmed = cap.unconfirmed and f"copayment.{block.rules.id}.cap.{cap.key}" not in confirmed
            frame = _apply(frame, number, cap, excess_column(block, cap), unconfirmed=unconfirmed)
    return frame


def excess_column(block: Block, cap: Cap) -> str:
    """Name of the column that tells how much a cap took off (absent when it took nothing off any row)."""
    return f"cap {block.rules.id} {cap.key}"


def _apply(frame: pl.DataFrame, block_number: int, cap: Cap, name: str, *, unconfirmed: bool) -> pl.DataFrame:
    covered = (pl.col("rule").is_not_null() | pl.col("settled")) & matches_filter(cap)
    # a year's cap counts what was kept under the earlier block too; a month's cap belongs to its own block
    covered = covered & ((pl.col("block") == block_number) | pl.col("settled") | pl.lit(cap.period == "year"))
    rows = frame.filter(covered & (pl.col("burden") > pl.col("refund")))
    touched = pl.col("block") == block_number
    if rows.filter(touched & ~pl.col("settled")).is_empty():
        return frame
    counted = _counted(_limited(_grouped(rows, cap), cap, frame))
    excess = counted.filter(touched & ~pl.col("settled") & (pl.col("excess") > 0)).select("row", "excess", "reduced")
    if excess.is_empty():
        return frame
    joined = frame.join(excess, on="row", how="left", maintain_order="left")
    return joined.with_columns(*_effects(cap, unconfirmed=unconfirmed)).rename({"excess": name}).drop("reduced")


def _grouped(rows: pl.DataFrame, cap: Cap) -> pl.DataFrame:
    """Adds holder, period and c_… (the cap's unit) and sorts: settled rows first, then by day and id."""
    household = cap.scope == "household"
    holder = pl.coalesce("household_id", "person_id") if household else pl.col("person_id")
    year = pl.col("service_date").dt.year() - (pl.col("service_date").dt.month() < cap.year_start_month).cast(pl.Int32)
    period = year.cast(pl.Int64) if cap.period == "year" else pl.col("month")
    units = [unit_value(key).alias(f"c_{key.value}") for key in cap.unit]
    keys = ["holder_no", "period", *(f"c_{key.value}" for key in cap.unit)]
    frame = rows.select(
        *("row", "id", "settled", "service_date", "month", "block"),
        *units,
        holder=holder,
        holder_no=holder,
        period=period,
        kept=pl.col("burden") - pl.col("refund"),
    )
    frame = numbered(frame, but=("id", "holder")).sort(
        [*keys, "settled", "service_date", "id"], descending=[*[False] * len(keys), True, False, False]
    )
    return frame.with_columns(start=starts(keys)).with_columns(group=pl.col("start").cum_sum())


def _limited(rows: pl.DataFrame, cap: Cap, frame: pl.DataFrame) -> pl.DataFrame:
    """Adds limit (the cap's amount, or the amount of 多数回該当) and reduced (True where the latter holds)."""
    amount = pl.lit(cap.amount, dtype=pl.Int64)
    if cap.multiple_amount is None:
        return rows.with_columns(limit=amount, reduced=pl.lit(value=False))
    reduced = _reduced_months(rows, cap, cap.multiple_amount, _capped_before(frame, cap))
    rows = rows.join(reduced, on=["holder", "month"], how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("reduced").fill_null(value=False))
    lower = pl.lit(cap.multiple_amount, dtype=pl.Int64)
    return rows.with_columns(limit=pl.when(pl.col("reduced")).then(lower).otherwise(amount))


def _capped_before(frame: pl.DataFrame, cap: Cap) -> pl.DataFrame:
    """The months that settled rows say reached this kind of cap: holder, month."""
    household = cap.scope == "household"
    holder = pl.coalesce("household_id", "person_id") if household else pl.col("person_id")
    settled = frame.filter(pl.col("settled") & pl.col("capped") & matches_filter(cap))
    return settled.select(holder=holder, month="month").unique()


def _reduced_months(rows: pl.DataFrame, cap: Cap, multiple_amount: int, capped: pl.DataFrame) -> pl.DataFrame:
    """The months (holder, month, reduced) that come after enough capped months within twelve.

    Month after month, since whether a month is capped depends on how many before it were: at most as many steps as
    the frame has months, each on whole columns.
    """
    totals = rows.group_by("group").agg(pl.col("holder", "month").first(), total=pl.col("kept").sum())
    totals = totals.group_by("holder", "month").agg(pl.col("total").max())
    found: list[pl.DataFrame] = []
    for month in totals.get_column("month").unique().sort():
        recent = capped.filter(pl.col("month").is_between(month - 11, month - 1))
        counts = recent.group_by("holder").agg(times=pl.len().cast(pl.Int64))
        now = totals.filter(pl.col("month") == month).join(counts, on="holder", how="left", maintain_order="left")
        now = now.with_columns(reduced=pl.col("times").fill_null(0) >= cap.multiple_from - 1)
        limit = pl.when(pl.col("reduced")).then(multiple_amount).otherwise(cap.amount)
        reached = now.filter(pl.col("total") > limit).select("holder", "month")
        capped = pl.concat([capped, reached]).unique()
        found.append(now.select("holder", "month", "reduced"))
    return pl.concat(found)


def _counted(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(before=sum_before("kept", "start"))
    fits = share_of_limit(pl.col("limit"), pl.col("before"), pl.col("kept"))
    return rows.with_columns(excess=pl.col("kept") - fits)


def _effects(cap: Cap, *, unconfirmed: bool) -> list[pl.Expr]:
    excess = pl.col("excess").fill_null(0)
    hit = excess > 0
    reached = CopayReason.YEAR_CAP if cap.period == "year" else CopayReason.MONTH_CAP
    mask = pl.col("mask") | flag(hit, reached) | flag(hit & pl.col("reduced"), CopayReason.MULTIPLE_MONTHS)
    if unconfirmed:
        mask = mask | flag(hit, CopayReason.UNCONFIRMED_RULE)
    if cap.settle == "refund":
        return [(pl.col("refund") + excess).alias("refund"), (mask | flag(hit, CopayReason.REFUND_LATER)).alias("mask")]
    burden = pl.col("burden") - excess
    return [burden.alias("burden"), pl.min_horizontal("burden_low", burden).alias("burden_low"), mask.alias("mask")]
