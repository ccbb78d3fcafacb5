"""Which 公費 of a claim is ours, and what the others mean for it."""

import polars as pl

from tasuke.core.numbers import weight21_ok_expr
from tasuke.systems.subsidy.claims.reasons import ClaimReason, flag

# 法別番号 of the national programmes (公費負担者番号の先頭2桁; 請求命令の別添, 診療報酬請求書等の記載要領 別表2).
# What is not in the list is a programme of a prefecture or municipality (地方単独).
NATIONAL_LAWS = frozenset(
    [
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "19",
        "20",
        "21",
        "22",
        "23",
        "24",
        "25",
        "28",
        "29",
        "30",
        "38",
        "51",
        "52",
        "53",
        "54",
        "62",
        "66",
        "79",
    ]
)
_ASSISTANCE = "12"  # 生活保護法による医療扶助
_RECIPIENT_DIGITS = 7

# columns that a claim gets from its 公費 records
OWN_COLUMNS = (
    "payer_no",
    "recipient_no",
    "kohi_order",
    "kohi_days",
    "kohi_cost",
    "kohi_meals",
    "billed_burden",
    "scheme",
)


def choose_kohi(claims: pl.DataFrame, kohi: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """Claims with OWN_COLUMNS, what national 公費 leave to the patient (national_*), and the first bits of `mask`.

    Ours is the first record with a payer number of the city; without one, the first that is no national programme, so
    that the reason can name the wrong number. scheme is null then.
    """
    marked = _marked(kohi, payers)
    ours = (
        marked.filter(pl.col("own") | ~pl.col("national"))
        .sort("line", ~pl.col("own"), "order")
        .unique("line", keep="first", maintain_order=True)
        .select(
            "line",
            "payer_no",
            "recipient_no",
            pl.col("order").alias("kohi_order"),
            pl.col("days").alias("kohi_days"),
            pl.col("cost").alias("kohi_cost"),
            pl.col("meals_cost").alias("kohi_meals"),
            "billed",
            "scheme",
        )
    )
    others = marked.join(ours.select("line", "kohi_order", own_scheme="scheme"), on="line", how="left").filter(
        pl.col("kohi_order").is_null() | (pl.col("order") != pl.col("kohi_order"))
    )
    frame = claims.join(ours, on="line", how="left", maintain_order="left")
    if others.is_empty():
        frame = frame.with_columns([pl.lit(None, dtype=kind).alias(name) for name, kind in _OTHERS.items()])
    else:
        frame = frame.join(_told_by_others(others), on="line", how="left", maintain_order="left")
    return frame.with_columns(
        # a second number of ours (道補助 and 市単独) stands last and carries what the patient really paid
        billed_burden=pl.coalesce("second_billed", "billed", pl.lit(0, dtype=pl.Int64)),
        recipient_no=_padded("recipient_no"),
        mask=_mask(),
    ).drop("billed", "second_billed", "second_scheme", "other_local", "assistance", "national_after")


_OTHERS: dict[str, type[pl.DataType]] = {
    "second_billed": pl.Int64,
    "second_scheme": pl.Boolean,
    "other_local": pl.Boolean,
    "assistance": pl.Boolean,
    "national_after": pl.Boolean,
    "national_copay": pl.Int64,
    "national_cost": pl.Int64,
}


def _marked(kohi: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    known = payers.select("payer_no", "scheme").unique("payer_no", keep="first", maintain_order=True)
    law = pl.col("payer_no").str.slice(0, 2)
    return kohi.join(known, on="payer_no", how="left", maintain_order="left").with_columns(
        own=pl.col("scheme").is_not_null(),
        national=law.is_in(list(NATIONAL_LAWS)).fill_null(value=False),
        assistance=(law == _ASSISTANCE).fill_null(value=False),
        billed=pl.coalesce("copay", "inpatient_copay", "outpatient_copay"),
    )


def _told_by_others(others: pl.DataFrame) -> pl.DataFrame:
    """One row per claim that has other 公費 (columns of _OTHERS)."""
    national = pl.col("national")
    same = pl.col("own") & (pl.col("scheme") == pl.col("own_scheme"))
    local = ~national & ~pl.col("own") & pl.col("own_scheme").is_not_null()
    return (
        others.sort("line", "order")
        .group_by("line", maintain_order=True)
        .agg(
            second_billed=pl.col("billed").filter(same).last(),
            second_scheme=(pl.col("own") & ~same).any(),
            other_local=local.any(),
            assistance=pl.col("assistance").any(),
            national_after=(national & (pl.col("order") > pl.col("kohi_order"))).any(),
            national_copay=pl.col("billed").fill_null(0).filter(national).last(),
            national_cost=pl.col("cost").filter(national).last(),
        )
    )


def _padded(name: str) -> pl.Expr:
    # 可変 items lose leading zeros in some files; numbers that are not digits stay as they are
    column = pl.col(name)
    return pl.when(column.str.contains(r"^[0-9]{1,6}$")).then(column.str.zfill(_RECIPIENT_DIGITS)).otherwise(column)


def _mask() -> pl.Expr:
    payer, unknown = pl.col("payer_no"), pl.col("scheme").is_null()
    missing = payer.is_null() | (payer == "")
    digit_bad = ~weight21_ok_expr(payer, 8).fill_null(value=True)
    recipient = pl.col("recipient_no")
    return (
        flag(missing, ClaimReason.PAYER_MISSING)
        | flag(~missing & unknown & digit_bad, ClaimReason.PAYER_CHECK_DIGIT)
        | flag(~missing & unknown & ~digit_bad, ClaimReason.PAYER_NOT_OURS)
        | flag(~missing & (recipient.is_null() | (recipient == "")), ClaimReason.RECIPIENT_MISSING)
        | flag(pl.col("second_scheme"), ClaimReason.TWO_OWN_SCHEMES)
        | flag(pl.col("other_local"), ClaimReason.OTHER_LOCAL_PROGRAM)
        | flag(pl.col("assistance"), ClaimReason.ASSISTANCE_IN_CLAIM)
        | flag(pl.col("national_after"), ClaimReason.NATIONAL_NOT_FIRST)
    )
