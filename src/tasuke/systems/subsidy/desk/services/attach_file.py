"""添付: keep a paper that was handed in, under its hash, with a row that says what it is."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.platform.exchange.archive import keep
from tasuke.systems.subsidy.desk.attachments import LARGEST, harmless_name, kind_of
from tasuke.systems.subsidy.desk.models import Attachment


class NotTaken(ValueError):
    """The file is too large, empty, or nothing that is taken; the words say which."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a file is attached to: exactly one of the three, and the person whom it concerns."""

    atena_no: str
    sheet_id: int | None = None
    application_id: int | None = None
    notification_id: int | None = None


def attach_file(
    *, using: str, bearer: Bearer, document: str, name: str, data: bytes, actor: Actor, now: datetime
) -> Attachment:
    """Keep the bytes outside of everything that a web server serves, and enter the row. Raises NotTaken."""
    if not data:
        raise NotTaken("ファイルが空です")
    if len(data) > LARGEST:
        raise NotTaken(f"ファイルが大きすぎます({LARGEST // 2**20}MBまで)")
    kind = kind_of(data)
    if kind is None:
        raise NotTaken("PDF、JPEG、PNG のどれでもありません。名前ではなく中身で確かめています")
    with transaction.atomic(using=using):
        return Attachment.objects.using(using).create(
            sheet_id=bearer.sheet_id,
            application_id=bearer.application_id,
            notification_id=bearer.notification_id,
            atena_no=bearer.atena_no,
            document=document,
            name=harmless_name(name),
            kind=kind,
            size=len(data),
            sha256=keep(data),
            added_at=now,
            added_by=actor.personal_id,
            added_name=actor.name,
        )
