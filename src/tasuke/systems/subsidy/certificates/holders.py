"""Whose certificates a scheme has, with what is printed on them, and what the paper looks like."""

from datetime import date
from pathlib import Path

import polars as pl

from tasuke.schemes.profile import CertificateSettings, Profile
from tasuke.systems.subsidy.certificates.letter_persons import persons_on_papers
from tasuke.systems.subsidy.certificates.selection import printed_address_expr

TEMPLATE = Path(__file__).resolve().parent / "templates" / "certificate.typ"


class NoCertificateSettings(LookupError):
    """The profile does not say what the scheme's certificate looks like."""


def settings_of(profile: Profile, scheme: str) -> CertificateSettings:
    """How the city's certificate of a scheme looks. Raises NoCertificateSettings."""
    for settings in profile.certificates:
        if settings.scheme == scheme:
            return settings
    raise NoCertificateSettings(f"{profile.name}: {scheme} の証の設定がプロファイルにありません")


def holders_frame(*, using: str, entitlements: pl.DataFrame, on: date) -> pl.DataFrame:
    """Entitlements with the columns of the person on a day and the address as printed; name is null when unknown.

    ward_code: of the address on the day.
    """
    persons = persons_on_papers(using=using, on=on, atena_nos=entitlements["atena_no"])
    joined = entitlements.join(persons, on="atena_no", how="left", maintain_order="left")
    return joined.with_columns(
        printed_address=printed_address_expr(),
        protection=pl.col("protection").fill_null(True),
        ward_code=pl.col("ward_code").fill_null(""),
    )
