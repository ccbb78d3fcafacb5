"""再交付: a new paper for one that is lost or spoiled, printed at the counter."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import transaction

from tasuke.platform.documents import render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.content import certificate_contents, certificate_paper
from tasuke.systems.subsidy.certificates.holders import TEMPLATE, holders_frame, settings_of
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateKind, CertificateState
from tasuke.systems.subsidy.certificates.queries import certificates_in_hand
from tasuke.systems.subsidy.certificates.selection import select_certificates
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile


class NoCertificate(LookupError):
    """Nobody has a certificate of this number: a first one comes with the decision, not by 再交付."""


class NotEntitled(Exception):
    """The entitlement is over, or has not begun."""


class ReasonMissing(ValueError):
    """A second paper needs a reason: 紛失, 汚損 …"""


def reissue_certificate(
    *, using: str, scheme: str, recipient_no: str, reason: str, on: date, by: str, now: datetime
) -> Certificate:
    """Replace the certificate in hand by a new one with what is true on `on`; the PDF is its one page.

    Raises NoCertificate, NotEntitled, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing("再交付の理由を入力してください")
    with transaction.atomic(using=using):
        old = (
            Certificate.objects.using(using)
            .select_for_update(of=("self",))
            .live()
            .filter(scheme=scheme, recipient_no=recipient_no)
            .first()
        )
        if old is None:
            raise NoCertificate(f"受給者番号{recipient_no}の、手元にある証がありません")
        row = _row(using, old, on)
        old.state = CertificateState.REPLACED
        old.save(using=using, update_fields=["state"])
        return _issue(using, row, reason=reason.strip(), replaced=old.pk, on=on, by=by, now=now)


def _row(using: str, old: Certificate, on: date) -> pl.DataFrame:
    """The holder's entitlement on the day with what is printed, as `select_certificates` gives it."""
    people = pl.Series([old.atena_no], dtype=pl.String)
    entitled = entitlements_frame(using=using, scheme=old.scheme, atena_nos=people).filter(
        (pl.col("valid_from") <= on) & (pl.col("recipient_no") == old.recipient_no)
    )
    holders = holders_frame(using=using, entitlements=entitled, on=on).filter(pl.col("name").is_not_null())
    nothing = certificates_in_hand(using=using, scheme=old.scheme).clear()
    settings = settings_of(active_profile(), old.scheme)
    rows = select_certificates(holders, nothing, settings=settings, on=on)
    if rows.is_empty():
        raise NotEntitled(f"受給者番号{old.recipient_no}の資格は{on}に有効ではありません")
    return rows.with_columns(kind=pl.lit(CertificateKind.REISSUE.value))


def _issue(
    using: str, rows: pl.DataFrame, *, reason: str, replaced: int, on: date, by: str, now: datetime
) -> Certificate:
    row: dict[str, Any] = rows.row(0, named=True)
    profile, scheme = active_profile(), load_scheme(row["scheme"])
    settings = settings_of(profile, scheme.id)
    contents = certificate_contents(rows, scheme=scheme, settings=settings, profile=profile, on=on)
    file = record_outbound(
        using=using,
        kind="certificates",
        key=f"再交付:{scheme.id}:{row['recipient_no']}:{replaced}",
        name=f"再交付_{scheme.id}_{row['recipient_no']}_{on:%Y%m%d}.pdf",
        data=render_paper(TEMPLATE, certificate_paper(settings, profile, contents, on), made_at=now),
        rows=1,
        totals={"枚数": 1},
        by=by,
        now=now,
        reason=reason,
    )
    copied = ("scheme", "atena_no", "entitlement_id", "recipient_no", "payer_no", "copay_class", "kind")
    return Certificate.objects.using(using).create(
        **{name: row[name] for name in copied},
        valid=(row["first"], row["until"]),
        reason=reason,
        hand_delivery=row["protection"],
        issued_on=on,
        content=contents[0],
        file_sha256=file.sha256,
        page=1,
        issued_by=by,
    )
