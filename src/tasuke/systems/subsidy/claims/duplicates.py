"""The same care billed or paid twice: within the file, in an earlier file, or as a reimbursement.

The first claim stands and the later one is marked. A claim that goes back for another reason is neither: it does not
count, so the corrected claim that follows it is no duplicate. The very same receipt (search number, or receipt number
of the institution and month with the same content) a second time is for a person to judge: sent back by its number,
the first copy would go back with it. A file that comes once more with other line ends is full of such receipts.
"""

import polars as pl

from tasuke.systems.subsidy.claims.frames import Register
from tasuke.systems.subsidy.claims.reasons import RETURN_MASK, ClaimReason, flag, has_any

_KEY = (
    "match_scheme",
    "atena_no",
    "institution_code",
    "service_month",
    "inpatient",
    "care",
    "insurer_key",
    "prescriber",
)
_EXACT = ("cost", "days", "visit_days")
_RECEIPT = ("receipt_no", "billed_month", "search_no")


def mark_duplicates(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Adds twin (line of the first claim in this file), twin_claim (id of an earlier one), paid_receipt, reasons.

    A receipt that the file has twice (`double_of`) is a query under any of its other reasons.
    """
    keyed = frame.with_columns(
        insurer_key=pl.col("insurer_no").fill_null(""), prescriber=pl.col("prescriber").fill_null("")
    )
    same = keyed.filter(pl.col("double_of").is_not_null()).select("line")
    again = _same_receipt(keyed, register.earlier)
    counting = keyed.filter(~has_any(RETURN_MASK) & pl.col("atena_no").is_not_null())
    counting = counting.join(pl.concat([same, again.select("line")]), on="line", how="anti")
    before = _earlier(counting, register.earlier)
    # a copy goes back and so is nobody's twin: first those of earlier files, then those of this one
    left = counting.join(before.filter("exact_earlier"), on="line", how="anti")
    own = _in_file(left)
    left = left.join(own.filter("exact_in_file"), on="line", how="anti")
    frame = frame.join(own, on="line", how="left", maintain_order="left")
    frame = frame.join(pl.concat([before, again]), on="line", how="left", maintain_order="left")
    frame = frame.join(_reimbursed(left, register.reimbursed), on="line", how="left", maintain_order="left")
    exact_file = pl.col("exact_in_file").fill_null(value=False)
    exact_earlier = pl.col("exact_earlier").fill_null(value=False)
    receipt = pl.col("double_of").is_not_null() | pl.col("same_receipt").fill_null(value=False)
    return frame.with_columns(
        mask=pl.col("mask")
        | flag(receipt, ClaimReason.SAME_RECEIPT)
        | flag(exact_file, ClaimReason.DUPLICATE_IN_FILE)
        | flag(exact_earlier, ClaimReason.DUPLICATE_EARLIER)
        | flag(pl.col("twin").is_not_null() & ~exact_file, ClaimReason.NEAR_DUPLICATE_IN_FILE)
        | flag(
            pl.col("twin_claim").is_not_null() & ~exact_earlier & ~exact_file & ~receipt,
            ClaimReason.NEAR_DUPLICATE_EARLIER,
        )
        | flag(pl.col("paid_receipt").is_not_null(), ClaimReason.ALREADY_REIMBURSED)
    ).drop("exact_in_file", "exact_earlier", "same_receipt")


def _same_receipt(keyed: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """(line, exact_earlier, twin_claim, same_receipt) of receipts with the search number of a claim that counts."""
    known = earlier.filter(pl.col("search_no").fill_null("") != "").select("search_no", twin_claim="claim_id")
    known = known.sort("twin_claim").unique("search_no", keep="first", maintain_order=True)
    found = keyed.filter(~has_any(RETURN_MASK), pl.col("double_of").is_null()).select("line", "search_no")
    return found.join(known, on="search_no", maintain_order="left").select(
        "line", "twin_claim", same_receipt=pl.lit(value=True), exact_earlier=pl.lit(value=False)
    )


def _in_file(counting: pl.DataFrame) -> pl.DataFrame:
    """(line, twin, exact_in_file) of every claim with an elder twin."""
    key = list(_KEY)
    many = counting.select("line", *key, *_EXACT).filter(pl.len().over(key) > 1).sort("line")
    many = many.with_columns(
        first_exact=pl.col("line").first().over([*key, *_EXACT]), first_near=pl.col("line").first().over(key)
    )
    exact = pl.col("first_exact") < pl.col("line")
    near = (pl.col("first_near") < pl.col("line")) & ~exact & _may_be_near()
    return many.filter(exact | near).select(
        "line", twin=pl.when(exact).then("first_exact").otherwise("first_near"), exact_in_file=exact
    )


def _may_be_near() -> pl.Expr:
    """薬局 bill one receipt for each prescriber: several a month are usual when the prescriber is not told."""
    return (pl.col("care") != "pharmacy") | (pl.col("prescriber") != "")


def _earlier(left: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """(line, twin_claim, exact_earlier, same_receipt) of every claim with a twin in an earlier file."""
    known = earlier.select(
        pl.col("scheme").alias("match_scheme"),
        "atena_no",
        "institution_code",
        "service_month",
        "inpatient",
        "care",
        pl.col("insurer_no").fill_null("").alias("insurer_key"),
        pl.col("prescriber").fill_null(""),
        *[pl.col(c).alias(f"e_{c}") for c in (*_EXACT, *_RECEIPT)],
        "claim_id",
    )
    pairs = left.select("line", *_KEY, *_EXACT, *_RECEIPT).join(known, on=list(_KEY))
    days, theirs = pl.col("visit_days"), pl.col("e_visit_days")
    # a CSV of 国保連 does not tell the days: then cost and number of days decide
    same_days = (days == theirs) | (days == 0) | (theirs == 0)
    exact = (pl.col("cost") == pl.col("e_cost")) & pl.col("days").eq_missing(pl.col("e_days")) & same_days
    return (
        pairs.with_columns(exact=exact.fill_null(value=False))
        .with_columns(same_receipt=pl.col("exact") & _one_receipt().fill_null(value=False))
        .filter(pl.col("exact") | _may_be_near())
        .sort("line", ~pl.col("same_receipt"), ~pl.col("exact"), "claim_id")
        .unique("line", keep="first", maintain_order=True)
        .rename({"claim_id": "twin_claim"})
        .select("line", "twin_claim", "same_receipt", exact_earlier=pl.col("exact") & ~pl.col("same_receipt"))
    )


def _one_receipt() -> pl.Expr:
    """レセプト番号 is given once in what an institution bills for a month; another search number is another receipt."""
    numbered = (pl.col("receipt_no") == pl.col("e_receipt_no")) & (pl.col("billed_month") == pl.col("e_billed_month"))
    ours, theirs = pl.col("search_no").fill_null(""), pl.col("e_search_no").fill_null("")
    return numbered & ((ours == theirs) | (ours == "") | (theirs == ""))


def _reimbursed(left: pl.DataFrame, reimbursed: pl.DataFrame) -> pl.DataFrame:
    """(line, paid_receipt, paid_amount): same person, institution and month, on a day of the claim if days are told."""
    paid = reimbursed.select(
        "atena_no",
        "institution_code",
        "care",
        "inpatient",
        pl.col("service_date").dt.month_start().alias("service_month"),
        pl.lit(2, dtype=pl.Int64).pow(pl.col("service_date").dt.day().cast(pl.Int64) - 1).alias("paid_day"),
        pl.col("receipt_no").alias("paid_receipt"),
        pl.col("amount").alias("paid_amount"),
    )
    keys = ["atena_no", "institution_code", "care", "inpatient", "service_month"]
    on_a_day = pl.col("inpatient") | (pl.col("visit_days") == 0) | (pl.col("visit_days") & pl.col("paid_day") != 0)
    return (
        left.select("line", "visit_days", *keys)
        .join(paid, on=keys)
        .filter(on_a_day)
        .sort("line", "paid_receipt")
        .unique("line", keep="first", maintain_order=True)
        .select("line", "paid_receipt", "paid_amount")
    )
