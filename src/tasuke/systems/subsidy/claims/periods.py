"""The entitlement on the days of service. A month of days is an integer: bit k-1 is day k, as in visit_days."""

import polars as pl

from tasuke.core.calendar_columns import attain_expr, next_month_expr, school_end_expr
from tasuke.systems.subsidy.claims.frames import Register
from tasuke.systems.subsidy.claims.reasons import ClaimReason, flag

_ENTITLEMENT = (
    "entitlement_id",
    "valid_from",
    "valid_to",
    "band",
    "coverage",
    "copay_class",
    "funding",
    "ward_code",
    "loss_reason",
)

# Words by which the area of entitlements says why one ended, and the reason of a claim for a day after it.
LOSS_REASONS: dict[str, ClaimReason] = {
    "NOT_RESIDENT": ClaimReason.AFTER_MOVE_OUT,
    "MOVED_OUT": ClaimReason.AFTER_MOVE_OUT,
    "DEATH": ClaimReason.AFTER_DEATH,
    "NOT_INSURED": ClaimReason.AFTER_INSURANCE_LOSS,
    "INSURANCE_EXCLUDED": ClaimReason.AFTER_INSURANCE_LOSS,
    "INSURANCE_LOST": ClaimReason.AFTER_INSURANCE_LOSS,
    "AGE_OVER": ClaimReason.AFTER_AGE_END,
    "NO_CHILD": ClaimReason.AFTER_AGE_END,
    "PUBLIC_ASSISTANCE": ClaimReason.AFTER_PUBLIC_ASSISTANCE,
    "IN_INSTITUTION": ClaimReason.AFTER_INSTITUTION,
    "IN_FOSTER_CARE": ClaimReason.AFTER_INSTITUTION,
    "NOT_SINGLE_PARENT": ClaimReason.AFTER_SINGLE_PARENT_END,
    "DE_FACTO_SPOUSE": ClaimReason.AFTER_SINGLE_PARENT_END,
    "MARRIAGE": ClaimReason.AFTER_SINGLE_PARENT_END,
    "HOLDS_OTHER_SCHEME": ClaimReason.AFTER_OTHER_SCHEME,
    "INCOME_OVER": ClaimReason.AFTER_INCOME,
    "INCOME_UNDECLARED": ClaimReason.AFTER_INCOME,
    "INCOME_UNKNOWN": ClaimReason.AFTER_INCOME,
}


_DEAD = "3"  # resident_status 死亡者


def match_period(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Adds the entitlement that covers most days of service, service_date, outside (days without one) and reasons.

    A claim whose days are all outside keeps the nearest entitlement, for show; its mask says why it is not paid.
    """
    frame = _with_days(frame)
    covered = _covering(frame, register)
    frame = frame.join(covered, on="line", how="left", maintain_order="left").with_columns(
        covered=pl.col("covered").fill_null(0), classes=pl.col("classes").fill_null(0)
    )
    frame = frame.with_columns(outside=pl.col("wanted") & ~pl.col("covered"))
    frame = _with_why_outside(frame, register)
    return _with_mask(frame, register)


def _with_days(frame: pl.DataFrame) -> pl.DataFrame:
    month = pl.col("service_month")
    length = (next_month_expr(month) - month).dt.total_days()
    whole = pl.lit(2, dtype=pl.Int64).pow(length) - 1
    known = (pl.col("visit_days") & whole) != 0
    wanted = pl.when(known).then(pl.col("visit_days") & whole).otherwise(whole)
    return frame.with_columns(days_known=known, wanted=wanted.fill_null(0)).with_columns(
        service_date=_day_of(pl.when(known).then(pl.col("wanted")).otherwise(pl.lit(1, dtype=pl.Int64)))
    )


def _day_of(bits: pl.Expr) -> pl.Expr:
    """The first day of a month's bits (null without any)."""
    offset = pl.when(bits != 0).then(bits.bitwise_trailing_zeros())
    return pl.col("service_month") + pl.duration(days=offset)


def _covering(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """(line, covered, classes, entitlement…): the best entitlement, and the days of all that cover some."""
    keys = frame.select("line", "atena_no", "match_scheme", "service_month", "wanted", "payer_no").filter(
        pl.col("atena_no").is_not_null(), pl.col("service_month").is_not_null()
    )
    held = register.entitlements.select(
        pl.col("scheme").alias("match_scheme"), "atena_no", pl.col("payer_no").alias("e_payer_no"), *_ENTITLEMENT
    )
    pairs = keys.join(held, on=["match_scheme", "atena_no"]).with_columns(bits=pl.col("wanted") & _bits())
    pairs = pairs.filter(pl.col("bits") != 0)
    most = [-pl.col("bits").bitwise_count_ones().cast(pl.Int64), pl.col("valid_from")]
    pairs = pairs.sort("line", *most, "entitlement_id")
    summed = pairs.group_by("line", maintain_order=True).agg(
        covered=pl.col("bits").bitwise_or(),
        classes=pl.struct("copay_class", "coverage", "e_payer_no").n_unique().cast(pl.Int64),
    )
    best = pairs.unique("line", keep="first", maintain_order=True)
    return summed.join(best.select("line", "e_payer_no", *_ENTITLEMENT), on="line")


def _bits() -> pl.Expr:
    """The days of the month on which [valid_from, valid_to) holds."""
    first = (pl.col("valid_from") - pl.col("service_month")).dt.total_days().clip(0, 31)
    end = (pl.col("valid_to") - pl.col("service_month")).dt.total_days().clip(0, 31).fill_null(31)
    two = pl.lit(2, dtype=pl.Int64)
    return pl.when(end > first).then(two.pow(end) - two.pow(first)).otherwise(0)


def _with_why_outside(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    """Adds after: the reason for the first day outside (null: before the start), and the nearest entitlement."""
    odd = frame.filter((pl.col("outside") != 0) & pl.col("atena_no").is_not_null()).select(
        "line",
        "atena_no",
        "match_scheme",
        "p_birth_date",
        "p_resident_status",
        "service_month",
        bad_day=_day_of(pl.col("outside")),
    )
    odd = odd.filter(pl.col("bad_day").is_not_null())
    held = register.entitlements.select(
        pl.col("scheme").alias("match_scheme"), "atena_no", pl.col("payer_no").alias("e_payer_no"), *_ENTITLEMENT
    )
    ended = held.filter(pl.col("valid_to").is_not_null()).with_columns(end=pl.col("valid_to")).sort("end")
    before = odd.sort("bad_day").join_asof(
        ended,
        left_on="bad_day",
        right_on="end",
        by=["match_scheme", "atena_no"],
        strategy="backward",
        check_sortedness=False,
    )
    earliest = held.sort("valid_from", "entitlement_id").unique(["match_scheme", "atena_no"], keep="first")
    lost = before.filter(pl.col("entitlement_id").is_not_null()).with_columns(after=_after())
    early = (
        before.filter(pl.col("entitlement_id").is_null())
        .select(odd.columns)
        .join(earliest, on=["match_scheme", "atena_no"])
        .with_columns(after=pl.lit(None, dtype=pl.String))
    )
    columns = ["line", "after", "e_payer_no", *_ENTITLEMENT]
    near = _with_what_was_known(pl.concat([lost.select(columns), early.select(columns)]), odd, register)
    near = near.rename({c: f"near_{c}" for c in columns[2:]})
    frame = frame.join(near, on="line", how="left", maintain_order="left")
    nothing = pl.col("covered") == 0
    shown = [
        pl.when(nothing).then(pl.col(f"near_{c}")).otherwise(pl.col(c)).alias(c) for c in ("e_payer_no", *_ENTITLEMENT)
    ]
    # where the loss is told: of the entitlement that ended, not of the one that covers other days
    frame = frame.with_columns(lost_on=pl.col("near_valid_to"), begins_on=pl.col("near_valid_from"))
    return frame.with_columns(*shown).drop([f"near_{c}" for c in ("e_payer_no", *_ENTITLEMENT)])


def _with_what_was_known(near: pl.DataFrame, odd: pl.DataFrame, register: Register) -> pl.DataFrame:
    """A loss for income that was recorded after the day of service: the certificate was good when it was shown.

    The other losses (転出, 死亡, 保険の喪失, 婚姻 …) the family knew of and had to tell: they stay what they are.
    """
    known = register.superseded.rename({"scheme": "match_scheme", "known_to": "lost_known"})
    days = odd.select("line", "atena_no", "match_scheme", "bad_day").join(known, on=["match_scheme", "atena_no"])
    good = (pl.col("valid_from") <= pl.col("bad_day")) & (
        pl.col("valid_to").is_null() | (pl.col("bad_day") < pl.col("valid_to"))
    )
    shown = days.filter(good & (pl.col("bad_day") < pl.col("lost_known"))).sort("line", "lost_known")
    shown = shown.unique("line", keep="first", maintain_order=True).select("line", "lost_known")
    by_income = pl.col("after") == ClaimReason.AFTER_INCOME.value
    later = pl.when(by_income & pl.col("lost_known").is_not_null())
    return near.join(shown, on="line", how="left", maintain_order="left").with_columns(
        after=later.then(pl.lit(ClaimReason.RETROACTIVE_LOSS.value)).otherwise("after")
    )


def _after() -> pl.Expr:
    """The reason by the word of the loss; an entitlement that ran out by itself at an age limit ended by age."""
    word = pl.col("loss_reason").fill_null("")
    known = word.replace_strict(
        list(LOSS_REASONS), [r.value for r in LOSS_REASONS.values()], default=None, return_dtype=pl.String
    )
    last_day, birth = pl.col("valid_to") - pl.duration(days=1), pl.col("p_birth_date")
    by_age = (last_day == school_end_expr(birth, 18)) | (last_day == attain_expr(birth, 20))
    aged = pl.when((word == "") & by_age.fill_null(value=False)).then(pl.lit(ClaimReason.AFTER_AGE_END.value))
    # residence ends by a death as well: the register tells which
    gone = known == ClaimReason.AFTER_MOVE_OUT.value
    dead = pl.when(gone & (pl.col("p_resident_status") == _DEAD)).then(pl.lit(ClaimReason.AFTER_DEATH.value))
    return pl.coalesce(dead, known, aged, pl.lit(ClaimReason.AFTER_LOSS.value))


def _with_mask(frame: pl.DataFrame, register: Register) -> pl.DataFrame:
    held = pl.col("entitlement_id").is_not_null()
    never = pl.col("atena_no").is_not_null() & ~held & pl.col("service_month").is_not_null()
    outside, covered, known = pl.col("outside") != 0, pl.col("covered") != 0, pl.col("days_known")
    nothing, part = held & outside & ~covered, held & outside & covered
    after = pl.col("after")
    losses = sorted({*LOSS_REASONS.values(), ClaimReason.AFTER_LOSS, ClaimReason.RETROACTIVE_LOSS})
    mask = pl.col("mask") | flag(nothing & after.is_null(), ClaimReason.BEFORE_START)
    mask = mask | flag(never, ClaimReason.NO_ENTITLEMENT)
    for reason in losses:
        mask = mask | flag(nothing & (after == reason.value), reason)
    month, oldest = pl.col("service_month"), register.oldest_service_month
    mask = (
        mask
        | flag(part & known & after.is_null(), ClaimReason.PARTLY_BEFORE_START)
        | flag(part & known & after.is_not_null(), ClaimReason.PARTLY_AFTER_LOSS)
        | flag(part & ~known, ClaimReason.DAYS_UNKNOWN)
        | flag(pl.col("classes") > 1, ClaimReason.TWO_CLASSES)
        | flag(month > pl.col("billed_month"), ClaimReason.SERVICE_AFTER_BILLING)
        | flag(_other_part(), ClaimReason.PAYER_OF_OTHER_PART)
    )
    return frame.with_columns(mask=mask if oldest is None else mask | flag(month < oldest, ClaimReason.TOO_OLD))


def _other_part() -> pl.Expr:
    same_scheme = pl.col("scheme") == pl.col("match_scheme")
    return (
        same_scheme & (pl.col("covered") != 0) & (pl.col("classes") == 1) & (pl.col("payer_no") != pl.col("e_payer_no"))
    )
