"""The same care asked for twice (earlier receipts, this run) or billed in kind already."""

import polars as pl

from tasuke.systems.subsidy.reimbursements.reasons import REJECT_MASK, ReceiptReason, flag

_KEY = ("atena_no", "place", "service_date", "care", "inpatient")
_SAME = ("cost", "paid")


def mark_known_receipts(frame: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Marks lines whose person, institution, day and care were granted before or stand earlier in this frame.

    Same cost and payment: the same receipt (不支給). Other amounts: perhaps a second visit that day, a person looks.
    """
    granted = decided.filter("granted") if decided.height else decided
    before = _keyed(granted).select(*_KEY, *[pl.col(c).alias(f"d_{c}") for c in _SAME])
    mine = _keyed(frame.filter(pl.col("mask") & REJECT_MASK == 0)).select("line_id", *_KEY, *_SAME)
    mine = mine.with_columns(
        exact_here=pl.int_range(pl.len()).over([*_KEY, *_SAME]) > 0,
        near_here=pl.int_range(pl.len()).over(list(_KEY)) > 0,
    )
    pairs = mine.join(before, on=list(_KEY)).with_columns(
        exact=pl.all_horizontal([pl.col(c) == pl.col(f"d_{c}") for c in _SAME])
    )
    earlier = pairs.group_by("line_id").agg(exact_before=pl.col("exact").any())
    told = mine.select("line_id", "exact_here", "near_here").join(earlier, on="line_id", how="left")
    frame = frame.join(told, on="line_id", how="left", maintain_order="left")
    exact = pl.col("exact_here").fill_null(value=False) | pl.col("exact_before").fill_null(value=False)
    near = pl.col("near_here").fill_null(value=False) | pl.col("exact_before").is_not_null()
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(exact, ReceiptReason.DUPLICATE_RECEIPT)
        | flag(near & ~exact, ReceiptReason.NEAR_DUPLICATE)
    ).drop("exact_here", "near_here", "exact_before")


def _keyed(frame: pl.DataFrame) -> pl.DataFrame:
    # institutions abroad or outside the master have no code: then the name tells
    code = pl.col("institution_code")
    return frame.with_columns(place=pl.when(code != "").then(code).otherwise("institution_name"))


def mark_in_kind(frame: pl.DataFrame, in_kind: pl.DataFrame) -> pl.DataFrame:
    """Marks lines whose care stands in a claim that counts: same person, institution, month and kind of care."""
    claims = in_kind.select(
        "atena_no",
        "institution_code",
        "care",
        "inpatient",
        "service_month",
        pl.col("cost").alias("c_cost"),
        pl.col("days").alias("c_days"),
        "visit_days",
    )
    keys = ["atena_no", "institution_code", "care", "inpatient", "service_month"]
    mine = frame.filter(pl.col("institution_code") != "").select(
        "line_id", "cost", "days", "service_date", *keys[:4], service_month=pl.col("service_date").dt.month_start()
    )
    bit = pl.lit(2, dtype=pl.Int64).pow(pl.col("service_date").dt.day().cast(pl.Int64) - 1)
    on_day = (pl.col("visit_days") & bit) != 0
    unknown = pl.col("visit_days") == 0
    same = pl.col("cost") == pl.col("c_cost")
    found = (
        mine.join(claims, on=keys)
        # the whole cost, on a day of the claim or on days not told; a stay is one claim a month
        .with_columns(exact=same & (on_day | unknown | pl.col("inpatient")), near=on_day | pl.col("inpatient"))
        .group_by("line_id")
        .agg(pl.col("exact").any(), pl.col("near").any())
    )
    frame = frame.join(found, on="line_id", how="left", maintain_order="left")
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(pl.col("exact"), ReceiptReason.ALREADY_IN_KIND)
        | flag(pl.col("near") & ~pl.col("exact"), ReceiptReason.SAME_DAY_IN_KIND)
    ).drop("exact", "near")
