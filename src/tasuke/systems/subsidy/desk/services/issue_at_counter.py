"""交付・差替え: the certificate of an entitlement that was won or has changed, printed while the person waits."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import transaction

from tasuke.platform.documents import render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.content import certificate_contents, certificate_paper
from tasuke.systems.subsidy.certificates.holders import TEMPLATE, holders_frame, settings_of
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateState
from tasuke.systems.subsidy.certificates.queries import certificates_in_hand
from tasuke.systems.subsidy.certificates.selection import in_force_expr, select_certificates
from tasuke.systems.subsidy.entitlements.queries import entitlements_frame
from tasuke.systems.subsidy.profile import active_profile

_COPIED = ("scheme", "atena_no", "entitlement_id", "recipient_no", "payer_no", "copay_class", "kind")


class NothingToIssue(Exception):
    """The certificate in hand is right, or there is no entitlement that needs one."""


def issue_at_counter(*, using: str, scheme: str, atena_no: str, on: date, by: str, now: datetime) -> Certificate:
    """Print the certificate that a person needs in a scheme and enter it into the register: the first one, or one in
    place of that in hand when what is printed there is no longer right. Raises NothingToIssue."""
    with transaction.atomic(using=using):
        held = Certificate.objects.using(using).live().filter(scheme=scheme, atena_no=atena_no)
        old = held.select_for_update(of=("self",)).first()
        people = pl.Series([atena_no], dtype=pl.String)
        entitled = entitlements_frame(using=using, scheme=scheme, atena_nos=people).filter(in_force_expr(on))
        holders = holders_frame(using=using, entitlements=entitled, on=on).filter(pl.col("name").is_not_null())
        in_hand = certificates_in_hand(using=using, scheme=scheme, atena_nos=[atena_no])
        settings = settings_of(active_profile(), scheme)
        rows = select_certificates(holders, in_hand, settings=settings, on=on)
        if rows.is_empty():
            right = "手元に正しい受給者証があります。なくしたときは再交付してください"
            raise NothingToIssue(right if old else "交付できる受給資格がありません")
        if old is not None:
            old.state = CertificateState.REPLACED
            old.save(using=using, update_fields=["state"])
        return _issue(using, rows.head(1), replaced=old, on=on, by=by, now=now)


def _issue(
    using: str, rows: pl.DataFrame, *, replaced: Certificate | None, on: date, by: str, now: datetime
) -> Certificate:
    row: dict[str, Any] = rows.row(0, named=True)
    profile, scheme = active_profile(), load_scheme(row["scheme"])
    settings = settings_of(profile, scheme.id)
    contents = certificate_contents(rows, scheme=scheme, settings=settings, profile=profile, on=on)
    file = record_outbound(
        using=using,
        kind="certificates",
        key=f"窓口交付:{scheme.id}:{row['recipient_no']}:{row['entitlement_id']}:{replaced.pk if replaced else 0}",
        name=f"窓口交付_{scheme.id}_{row['recipient_no']}_{on:%Y%m%d}.pdf",
        data=render_paper(TEMPLATE, certificate_paper(settings, profile, contents, on), made_at=now),
        rows=1,
        totals={"枚数": 1},
        by=by,
        now=now,
    )
    return Certificate.objects.using(using).create(
        **{name: row[name] for name in _COPIED},
        valid=(row["first"], row["until"]),
        cause=row["cause"],
        hand_delivery=True,  # it is handed over here and now
        issued_on=on,
        content=contents[0],
        file_sha256=file.sha256,
        page=1,
        issued_by=by,
    )
