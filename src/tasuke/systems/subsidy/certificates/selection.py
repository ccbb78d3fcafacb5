"""Who needs a new certificate on a day, and whose must come back. Pure: frames in, frames out."""

from datetime import date

import polars as pl

from tasuke.schemes.profile import CertificateSettings
from tasuke.systems.subsidy.certificates.models import CertificateKind

# what is printed, and what a difference is called in the register
PRINTED = {
    "payer_no": "公費負担者番号の変更",
    "copay_class": "負担区分の変更",
    "name": "氏名の変更",
    "printed_address": "住所の変更",
}


def last_valid_expr(settings: CertificateSettings, on: date) -> pl.Expr:
    """First day on which a certificate issued on `on` is no longer valid: the entitlement's end, or the next renewal.

    A certificate that is issued for an entitlement beginning later counts from that beginning.
    """
    if settings.validity == "entitlement" or settings.renewal_month is None:
        return pl.col("valid_to")
    return pl.min_horizontal(pl.col("valid_to"), _renewal_expr(settings.renewal_month, on))  # a null end is ignored


def _renewal_expr(month: int, on: date) -> pl.Expr:
    begin = pl.max_horizontal(pl.col("valid_from"), pl.lit(on))
    this_year = pl.date(begin.dt.year(), month, 1)
    return pl.when(begin < this_year).then(this_year).otherwise(pl.date(begin.dt.year() + 1, month, 1))


def first_valid_expr(settings: CertificateSettings, on: date) -> pl.Expr:
    """First day of a first certificate: the entitlement's. A yearly paper reaches back into the year before at most
    (an acquisition told late); of an older entitlement it shows the current year."""
    if settings.validity == "entitlement" or settings.renewal_month is None:
        return pl.col("valid_from")
    this_year = _renewal_expr(settings.renewal_month, on).dt.offset_by("-1y")
    recent = pl.col("valid_from") >= this_year.dt.offset_by("-1y")
    return pl.when(recent).then(pl.col("valid_from")).otherwise(this_year)


def printed_address_expr() -> pl.Expr:
    """Address and 方書 in one line, as printed."""
    return pl.concat_str(
        pl.col("address").fill_null(""), pl.col("address_detail").fill_null(""), separator=" "
    ).str.strip_chars_end()


def in_force_expr(on: date) -> pl.Expr:
    """The entitlement is not over by a day (it may begin later)."""
    return pl.col("valid_to").is_null() | (pl.col("valid_to") > on)


def select_certificates(
    holders: pl.DataFrame, in_hand: pl.DataFrame, *, settings: CertificateSettings, on: date
) -> pl.DataFrame:
    """Entitlements that need a certificate: with `kind`, `cause`, `first`, `until` (exclusive), and what they replace.

    holders: current entitlements of the scheme with the person's columns, `printed_address` and `restored_from` (the
    day from which a lost entitlement holds again, null else); in_hand: `certificates_in_hand`. Left out: entitlements
    over by `on`. A row is needed when there is no certificate, what is printed on it is no longer right, or it ends too
    early. Who had a paper before and came back gets one that counts from the return.
    """
    wanted = _first_spell(holders.filter(in_force_expr(on))).with_columns(until=last_valid_expr(settings, on))
    old = in_hand.select(
        "recipient_no", "certificate_id", old_until="valid_to", **{f"old_{column}": column for column in PRINTED}
    )
    joined = wanted.join(old, on="recipient_no", how="left", maintain_order="left")
    had = pl.col("certificate_id").is_not_null()
    changes = [
        pl.when(had & (pl.col(column).fill_null("") != pl.col(f"old_{column}").fill_null(""))).then(pl.lit(words))
        for column, words in PRINTED.items()
    ]
    begin = pl.max_horizontal(pl.col("valid_from"), pl.lit(on))
    run_out = pl.col("old_until").is_not_null() & (pl.col("old_until") <= begin)
    long_enough = pl.col("old_until").is_null() | (pl.col("old_until") >= pl.col("until"))
    back = ~had & pl.col("restored_from").is_not_null()
    told = pl.concat_str(changes, separator="、", ignore_nulls=True)
    joined = joined.with_columns(cause=pl.when(back).then(pl.lit("資格の回復")).otherwise(told))
    kind = (
        pl.when(back)
        .then(pl.lit(CertificateKind.RESTORED.value))
        .when(~had)
        .then(pl.lit(CertificateKind.NEW.value))
        .when((pl.col("cause") != "") & ~run_out)
        .then(pl.lit(CertificateKind.CHANGE.value))
        .otherwise(pl.lit(CertificateKind.RENEWAL.value))
    )
    needed = ~had | (pl.col("cause") != "") | ~long_enough.fill_null(value=False)
    again = pl.max_horizontal("valid_from", "restored_from")
    first = pl.when(had).then(begin).when(back).then(again).otherwise(first_valid_expr(settings, on))
    return (
        joined.filter(needed)
        .with_columns(kind=kind, first=first)
        .drop("old_until", *(f"old_{column}" for column in PRINTED))
        .sort("ward_code", "postal_code", "recipient_no")
    )


def _first_spell(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of each recipient number, `valid_to` moved to the end of the rows that follow without a gap and
    with the same number and class: a new age band alone needs no new paper."""
    ordered = rows.sort("recipient_no", "valid_from", "entitlement_id")
    previous = [pl.col(c).shift(1).over("recipient_no") for c in ("valid_to", "payer_no", "copay_class")]
    follows = pl.all_horizontal(
        pl.col(c) == p for c, p in zip(("valid_from", "payer_no", "copay_class"), previous, strict=True)
    )
    broken = (~follows).fill_null(value=True).cum_sum().over("recipient_no")
    first = ordered.with_columns(spell=broken).filter(pl.col("spell") == 1)
    return (
        first.with_columns(valid_to=pl.col("valid_to").last().over("recipient_no"))
        .unique("recipient_no", keep="first", maintain_order=True)
        .drop("spell")
    )


def select_recalls(entitlements: pl.DataFrame, in_hand: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Certificates whose entitlement is over by `on` although the paper says otherwise: certificate_id, atena_no."""
    alive = entitlements.filter(in_force_expr(on)).select("recipient_no").unique()
    return in_hand.join(alive, on="recipient_no", how="anti").filter(in_force_expr(on))
