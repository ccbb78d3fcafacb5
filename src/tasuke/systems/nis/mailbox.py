"""Mailboxes: core puts contents in, a body fetches them in fresh envelopes until it confirms them.

What waits is sealed under our vault, not yet to the body: after a week of silence, or a change of keys on either side,
it still goes out in an envelope that is in force.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import connections

from tasuke.contracts.mediation import CodesIssued, Envelope, Mail, OutcomeBatch, PermittedBatch
from tasuke.platform.crypto.envelopes import Claims, make
from tasuke.systems.nis.directory import core_signer, sealing_key
from tasuke.systems.nis.models import Mail as MailRow
from tasuke.systems.nis.settings_holder import CORE, service, vault

Content = CodesIssued | PermittedBatch | OutcomeBatch
T = TypeVar("T")
_TAKE = """
INSERT INTO nis_mailbox (receiver, last_out, confirmed) VALUES (%s, %s, 0)
ON CONFLICT (receiver) DO UPDATE SET last_out = nis_mailbox.last_out + excluded.last_out
RETURNING last_out
"""
_CONFIRM = """
UPDATE nis_mailbox SET confirmed = GREATEST(confirmed, %s) WHERE receiver = %s AND last_out >= %s
"""
MOST_ITEMS = 500
"""Items of one message: an envelope stays well below a megabyte."""


class NotYetSent(ValueError):
    """A body confirms something that was never in its mailbox."""


def post(*, using: str, contents: Mapping[str, Sequence[Content]], at: datetime) -> int:
    """Put contents into mailboxes, in the caller's transaction; gives their number. contents: receiver → messages.

    Receivers are locked in the order of their codes, so two senders never wait for each other.
    """
    rows: list[MailRow] = []
    for receiver in sorted(contents):
        messages = contents[receiver]
        if not messages:
            continue
        before = _take_numbers(receiver, len(messages), using)
        texts = [message.model_dump_json().encode() for message in messages]
        sealed = vault().seal_many(texts, context=_context(receiver))
        rows += [
            MailRow(
                receiver=receiver,
                sequence=before + place,
                message_id=f"N{secrets.token_hex(12)}",
                kind=message.kind,
                items=len(message.items),
                content_sealed=blob,
                created_at=at,
            )
            for place, (message, blob) in enumerate(zip(messages, sealed, strict=True), 1)
        ]
    MailRow.objects.using(using).bulk_create(rows, batch_size=1_000)
    return len(rows)


def fetch(*, using: str, receiver: str, after: int, limit: int, at: datetime) -> Mail:
    """What lies in a mailbox after a number, in fresh envelopes. Changes nothing. Raises NoKeyInForce."""
    rows = list(
        MailRow.objects.using(using).filter(receiver=receiver, sequence__gt=after).order_by("sequence")[: limit + 1]
    )
    more, rows = len(rows) > limit, rows[:limit]
    if not rows:
        return Mail(envelopes=(), more=False)
    signer, recipient = core_signer(using=using, at=at), sealing_key(using=using, body=receiver, at=at)
    texts = vault().open_many((bytes(row.content_sealed) for row in rows), context=_context(receiver))
    envelopes = []
    for row, text in zip(rows, texts, strict=True):
        claims = Claims(
            issuer=CORE,
            audience=receiver,
            message_id=row.message_id,
            sequence=row.sequence,
            issued_at=at,
            expires_at=at + service().envelope,
            kind=row.kind,
        )
        token = make(text, signer=signer, recipient=recipient, claims=claims)
        envelopes.append(
            Envelope(message_id=row.message_id, sequence=row.sequence, sender=CORE, receiver=receiver, token=token)
        )
    return Mail(envelopes=tuple(envelopes), more=more)


def _take_numbers(receiver: str, count: int, using: str) -> int:
    """The number before the next `count` ones. The mailbox stays locked until the transaction ends."""
    with connections[using].cursor() as cursor:
        cursor.execute(_TAKE, [receiver, count])
        return int(cursor.fetchone()[0]) - count


def confirm(*, using: str, receiver: str, upto: int) -> int:
    """Forget what a body has stored; gives how many messages went. Raises NotYetSent."""
    with connections[using].cursor() as cursor:
        cursor.execute(_CONFIRM, [upto, receiver, upto])
        if upto > 0 and not cursor.rowcount:
            raise NotYetSent("まだ送られていない番号です")
        cursor.execute("DELETE FROM nis_mail WHERE receiver = %s AND sequence <= %s", [receiver, upto])
        return int(cursor.rowcount)


def in_parts(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """Items in groups of at most MOST_ITEMS, in order."""
    for start in range(0, len(items), MOST_ITEMS):
        yield tuple(items[start : start + MOST_ITEMS])


def _context(receiver: str) -> str:
    return f"nis.mail.{receiver}"
