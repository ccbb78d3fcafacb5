"""The transfer file leaves for the bank: once, and again only with a reason."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.payments.models import PaymentBatch, TransferDownload


class NoTransferFile(LookupError):
    """The file has not been made yet."""


class AlreadyDownloaded(Exception):
    """Somebody has taken the file already: a second transfer would pay twice. by: who."""

    def __init__(self, message: str, *, by: str) -> None:
        super().__init__(message)
        self.by = by


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The file as it goes out."""

    file: OutboundFile
    data: bytes


def download_transfer(*, using: str, pay_on: date, reason: str, by: str, now: datetime) -> Downloaded:
    """Give the transfer file of a pay day and record it. reason: needed from the second time on.

    Raises PaymentBatch.DoesNotExist, NoTransferFile, AlreadyDownloaded.
    """
    with transaction.atomic(using=using):
        batch = PaymentBatch.objects.using(using).select_for_update(of=("self",)).get(pay_on=pay_on)
        if not batch.file_sha256:
            raise NoTransferFile(f"{pay_on} の振込データは、まだ作られていません")
        first = TransferDownload.objects.using(using).filter(batch=batch).order_by("pk").first()
        if first is not None and not reason.strip():
            raise AlreadyDownloaded(
                "既に取り出しています。もう一度取り出す理由を入力してください", by=first.downloaded_by
            )
        TransferDownload.objects.using(using).create(
            batch=batch,
            file_sha256=batch.file_sha256,
            reason=reason.strip() if first is not None else "",
            downloaded_at=now,
            downloaded_by=by,
        )
        file = OutboundFile.objects.using(using).get(kind="zengin", key=f"{pay_on}", sha256=batch.file_sha256)
    return Downloaded(file, fetch(batch.file_sha256))
