"""What is printed on each certificate: plain strings, ready for the template. Pure."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from tasuke.core.calendar import age_on, to_wareki
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import CertificateSettings, Letterhead, Profile, Ward
from tasuke.systems.subsidy.certificates.models import CertificateKind
from tasuke.systems.subsidy.certificates.wording import copayment_words

SEX = {"1": "男", "2": "女"}


def certificate_contents(
    rows: pl.DataFrame, *, scheme: Scheme, settings: CertificateSettings, profile: Profile, on: date
) -> list[dict[str, Any]]:
    """One dict of strings per row. rows: selected entitlements joined with the person's columns.

    A name is printed as registered, with its variation selectors; an unknown birth date as the register words it.
    """
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(on)

    @cache  # few classes and ages against many people
    def words(copay_class: str, day: date, age: int) -> str:
        return copayment_words(scheme, copay_class, day, age)

    return [
        _content(row, words, settings, head, wards.get(row["ward_code"] or ""), on)
        for row in rows.iter_rows(named=True)
    ]


def _content(
    row: dict[str, Any],
    words: Callable[[str, date, int], str],
    settings: CertificateSettings,
    head: Letterhead,
    ward: Ward | None,
    on: date,
) -> dict[str, Any]:
    birth: date | None = row["birth_date"]
    last = row["until"] - timedelta(days=1) if row["until"] else None
    first = max(row["valid_from"], on) if row["kind"] == CertificateKind.RENEWAL else row["valid_from"]
    age = age_on(birth, max(first, birth)) if birth else 0
    return {
        "title": settings.title,
        "payer_no": row["payer_no"],
        "recipient_no": row["recipient_no"],
        "name": row["name"],
        "kana": row["name_kana"] or "",
        "birth": to_wareki(birth) if birth else row.get("birth_text") or "不詳",
        "sex": SEX.get(row["sex"], ""),
        "address": " ".join(filter(None, [row["address"], row["address_detail"]])),
        "postal": row["postal_code"] or "",
        "from": to_wareki(first),
        "until": to_wareki(last) if last else "",
        "copayment": words(row["copay_class"], max(on, row["valid_from"]), age),
        "issued": to_wareki(on),
        "issuer": head.title,
        "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
        "reissue": row["kind"] == CertificateKind.REISSUE,
        "order": row["ward_code"] or "",
    }
