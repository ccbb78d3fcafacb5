"""The 住基 side: codes for those behind 処理通番 go to the body's 中間サーバー, never back to who asks."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tasuke.contracts.mediation import CodesIssued, CodesTaken, CodeWanted
from tasuke.systems.nis import codes, mailbox
from tasuke.systems.nis.services.receive_envelopes import lock_body
from tasuke.systems.nis.settings_holder import USING

_LONGEST_NO = 40


class NotOwnBody(Exception):
    """Codes are asked for in the name of another body."""


class BadProcessingNo(ValueError):
    """A 処理通番 that cannot be stored."""


def issue_codes(*, items: Sequence[CodeWanted], body: str, at: datetime, using: str = USING) -> CodesTaken:
    """Issue codes of one body. body: of the calling client. Raises UnknownBody, NotOwnBody, BadProcessingNo."""
    if any(item.body != body for item in items):
        raise NotOwnBody("自分の機関の符号だけを求められます")
    for item in items:
        if not 1 <= len(item.processing_no) <= _LONGEST_NO or not item.processing_no.isprintable():
            raise BadProcessingNo("処理通番の形が違います")
    with transaction.atomic(using=using):
        lock_body(body=body, using=using)
        issued = codes.issue_codes(items, body=body, at=at, using=using)
        mails = [CodesIssued(items=part) for part in mailbox.in_parts(issued.items)]
        mailbox.post(using=using, contents={body: mails}, at=at)
    return CodesTaken(taken=len(issued.items), known=issued.known)
