"""Whose certificates a scheme has, with what is printed on them, and what the paper looks like."""

from datetime import date
from pathlib import Path

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.schemes.profile import CertificateSettings, Profile
from tasuke.systems.subsidy.certificates.letter_persons import persons_on_papers
from tasuke.systems.subsidy.certificates.selection import printed_address_expr
from tasuke.systems.subsidy.registry.tables import people_table

_RESTORED = """
SELECT DISTINCT ON (d.scheme, d.atena_no) d.scheme, d.atena_no, d.start
FROM subsidy_decision d JOIN {} p USING (atena_no)
WHERE d.kind = 'restored'
    AND EXISTS (SELECT 1 FROM subsidy_certificate c WHERE c.scheme = d.scheme AND c.atena_no = d.atena_no)
    AND NOT EXISTS (SELECT 1 FROM subsidy_decision a WHERE a.scheme = d.scheme AND a.atena_no = d.atena_no
                    AND a.id > d.id AND a.kind = 'application' AND a.outcome = 'eligible')
ORDER BY d.scheme, d.atena_no, d.id DESC
"""
TEMPLATE = Path(__file__).resolve().parent / "templates" / "certificate.typ"


class NoCertificateSettings(LookupError):
    """The profile does not say what the scheme's certificate looks like."""


def settings_of(profile: Profile, scheme: str) -> CertificateSettings:
    """How the city's certificate of a scheme looks. Raises NoCertificateSettings."""
    for settings in profile.certificates:
        if settings.scheme == scheme:
            return settings
    raise NoCertificateSettings(f"{profile.name}: {scheme} の証の設定がプロファイルにありません")


def holders_frame(*, using: str, entitlements: pl.DataFrame, on: date, today: date | None = None) -> pl.DataFrame:
    """Entitlements with the columns of the person on a day and the address as printed; name is null when unknown.

    ward_code: of the address on the day. today: as of persons_frame.
    """
    persons = persons_on_papers(using=using, on=on, atena_nos=entitlements["atena_no"], today=today)
    joined = entitlements.join(persons, on="atena_no", how="left", maintain_order="left")
    back = _restored(using, entitlements["atena_no"])
    return joined.join(back, on=["scheme", "atena_no"], how="left", maintain_order="left").with_columns(
        printed_address=printed_address_expr(),
        protection=pl.col("protection").fill_null(True),
        ward_code=pl.col("ward_code").fill_null(""),
    )


def _restored(using: str, atena_nos: pl.Series) -> pl.DataFrame:
    """Who had a paper, lost the entitlement and has it back without having applied again: scheme, atena_no,
    restored_from."""
    schema = {"scheme": pl.String(), "atena_no": pl.String(), "restored_from": pl.Date()}
    with people_table(using=using, atena_nos=atena_nos) as name:
        return copy_out(connections[using], _RESTORED.format(name), schema=schema)
