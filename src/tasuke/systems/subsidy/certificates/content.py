"""What is printed on each certificate, and on the list of the register: plain strings for the templates. Pure."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from tasuke.core.calendar import to_wareki, to_wareki_short
from tasuke.platform.documents import Column, Line, list_paper
from tasuke.schemes.definition import Scheme
from tasuke.schemes.profile import CertificateSettings, Letterhead, Profile, Ward
from tasuke.systems.subsidy.certificates.models import CertificateKind
from tasuke.systems.subsidy.certificates.wording import copayment_words

SEX = {"1": "男", "2": "女"}
_COLUMNS = (
    Column("受給者番号", 26, "center"), Column("氏名", 58, name=True), Column("生年月日", 26, "center"),
    Column("区分", 16, "center"), Column("有効期間", 54, "center"), Column("交付日", 24, "center"),
    Column("渡し方", 16, "center"), Column("理由", 50),
)  # fmt: skip


def certificate_contents(
    rows: pl.DataFrame, *, scheme: Scheme, settings: CertificateSettings, profile: Profile, on: date
) -> list[dict[str, Any]]:
    """One dict of strings per row. rows: as `select_certificates` gives them.

    A name is printed as registered, with its variation selectors; an unknown birth date as the register words it.
    """
    wards = {w.code: w for w in profile.wards}
    head = profile.letterhead_on(on)

    @cache  # few classes and birth dates against many people
    def words(copay_class: str, first: date, until: date | None, birth: date | None) -> str:
        return copayment_words(scheme, copay_class, first, until, birth)

    return [
        _content(row, words, settings, head, wards.get(row["ward_code"] or ""), on)
        for row in rows.iter_rows(named=True)
    ]


def _content(
    row: dict[str, Any],
    words: Callable[[str, date, date | None, date | None], str],
    settings: CertificateSettings,
    head: Letterhead,
    ward: Ward | None,
    on: date,
) -> dict[str, Any]:
    birth: date | None = row["birth_date"]
    first, until = row["first"], row["until"]
    return {
        "title": settings.title,
        "payer_no": row["payer_no"],
        "recipient_no": row["recipient_no"],
        "name": row["name"],
        "kana": row["name_kana"] or "",
        "birth": to_wareki(birth) if birth else row.get("birth_text") or "不詳",
        "sex": SEX.get(row["sex"], ""),
        "address": row["printed_address"],
        "postal": row["postal_code"] or "",
        "from": to_wareki(first),
        "until": to_wareki(until - timedelta(days=1)) if until else "",
        # what is charged from today on: the rules of past years would only puzzle a cashier
        "copayment": words(row["copay_class"], max(first, on), until, birth),
        "issued": to_wareki(on),
        "issuer": head.title,
        "office": f"{ward.office} 電話 {ward.phone}" if ward else head.contact,
        "reissue": row["kind"] == CertificateKind.REISSUE,
    }


def certificate_paper(
    settings: CertificateSettings, profile: Profile, contents: list[dict[str, Any]], on: date
) -> dict[str, Any]:
    """What `certificate.typ` reads."""
    return {
        "notes": settings.notes,
        "seal": profile.letterhead_on(on).seal,
        "fictitious": profile.fictitious,
        "cards": contents,
    }


def register_paper(rows: pl.DataFrame, *, scheme: Scheme, on: date, by: str, fictitious: bool) -> dict[str, Any]:
    """交付簿: one line per certificate, in the order of the pages. No address: the list is for the counter."""
    lines = [
        Line(
            [
                r["recipient_no"], r["name"], to_wareki_short(r["birth_date"]) if r["birth_date"] else "不詳",
                CertificateKind(r["kind"]).label, _period(r["first"], r["until"]), to_wareki_short(on),
                "手渡し" if r["protection"] else "郵送", r["cause"],
            ]
        )
        for r in rows.iter_rows(named=True)
    ]  # fmt: skip
    lines.append(Line(["合計", f"{rows.height:,}枚", "", "", "", "", "", ""], strong=True))
    return list_paper(
        title=f"交付簿 {scheme.name}",
        subtitle=f"交付日 {to_wareki(on)}  交付者 {by}",
        columns=_COLUMNS,
        lines=lines,
        fictitious=fictitious,
    )


def _period(first: date, until: date | None) -> str:
    return f"{to_wareki_short(first)} ～ " + (to_wareki_short(until - timedelta(days=1)) if until else "")
