"""Who needs a new certificate on a day, and whose must come back. Pure: frames in, frames out."""

from datetime import date

import polars as pl

from tasuke.schemes.profile import CertificateSettings
from tasuke.systems.subsidy.certificates.models import CertificateKind


def last_valid_expr(settings: CertificateSettings, on: date) -> pl.Expr:
    """First day on which a certificate issued on `on` is no longer valid: the entitlement's end, or the next renewal.

    A certificate that is issued for an entitlement beginning later counts from that beginning.
    """
    if settings.validity == "entitlement" or settings.renewal_month is None:
        return pl.col("valid_to")
    begin = pl.max_horizontal(pl.col("valid_from"), pl.lit(on))
    this_year = pl.date(begin.dt.year(), settings.renewal_month, 1)
    renewal = (
        pl.when(begin < this_year).then(this_year).otherwise(pl.date(begin.dt.year() + 1, settings.renewal_month, 1))
    )
    return pl.min_horizontal(pl.col("valid_to"), renewal)  # a null end is ignored: the renewal decides


def select_certificates(
    entitlements: pl.DataFrame, in_hand: pl.DataFrame, *, settings: CertificateSettings, on: date
) -> pl.DataFrame:
    """Entitlements that need a certificate, with `kind`, `from` and `until` (exclusive) and what they replace.

    entitlements: current rows of the scheme; in_hand: `certificates_in_hand`. Left out: entitlements over by `on`.
    A row is needed when there is no certificate, the number or class on it is no longer right, or it ends too early.
    """
    wanted = (
        entitlements.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
        .with_columns(until=last_valid_expr(settings, on))
        .sort("valid_from")
        .group_by("recipient_no", maintain_order=True)
        .first()
    )
    old = in_hand.select(
        "recipient_no",
        "certificate_id",
        had=pl.lit(True),
        same=pl.struct("payer_no", "copay_class"),
        old_until="valid_to",
    )
    joined = wanted.join(old, on="recipient_no", how="left")
    same = pl.struct("payer_no", "copay_class") == pl.col("same")
    long_enough = pl.col("old_until").is_null() | (pl.col("old_until") >= pl.col("until"))
    kind = (
        pl.when(pl.col("had").is_null())
        .then(pl.lit(CertificateKind.NEW.value))
        .when(~same)
        .then(pl.lit(CertificateKind.CHANGE.value))
        .otherwise(pl.lit(CertificateKind.RENEWAL.value))
    )
    needed = pl.col("had").is_null() | ~same | ~long_enough
    return joined.filter(needed).with_columns(kind=kind).drop("had", "same").sort("ward_code", "recipient_no")


def select_recalls(entitlements: pl.DataFrame, in_hand: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Certificates whose entitlement is over by `on` although the paper says otherwise: certificate_id, atena_no."""
    alive = (
        entitlements.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > on)).select("recipient_no").unique()
    )
    return in_hand.join(alive, on="recipient_no", how="anti").filter(
        pl.col("valid_to").is_null() | (pl.col("valid_to") > on)
    )
