"""Letters from core: verified, in order, each applied once in the transaction that remembers it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from tasuke.contracts.mediation import CodesIssued, Content, Envelope, OutcomeBatch, PermittedBatch
from tasuke.platform.crypto.envelopes import EnvelopeRefused, Opened, read
from tasuke.platform.crypto.order import Order, judge
from tasuke.systems.midserver.directory import CORE, Directory
from tasuke.systems.midserver.mail.coding import store_codes
from tasuke.systems.midserver.mail.providing import provide
from tasuke.systems.midserver.mail.receiving import take_outcomes
from tasuke.systems.midserver.master import PermissionList
from tasuke.systems.midserver.tenancy import Inside

_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


class LetterRefused(Exception):
    """A letter that must not be applied. code: for the record; message in Japanese, nothing of the content."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Reading:
    """What is needed to read letters: the list, the keys, how long records are kept, the moment."""

    permissions: PermissionList
    keys: Directory
    record_years: int
    at: datetime


def take_in(room: Inside, letter: Envelope, reading: Reading) -> dict[str, int]:
    """Verify and apply one letter; give counts, empty when it was applied before. Raises LetterRefused."""
    last = room.last("inbox")
    opened = _verified(room, letter, reading)
    rows = room.rows("SELECT sequence FROM inbox WHERE message_id = %s", [letter.message_id])
    order = judge(
        sequence=letter.sequence,
        last=last,
        same_message_taken=bool(rows) and rows[0][0] == letter.sequence,
        message_id_taken=bool(rows),
    )
    if order is Order.KNOWN:
        return {}
    if order is not Order.NEXT:
        words = {Order.REPLAYED: "前に受け取った電文の再送です", Order.OUT_OF_ORDER: "前の電文が欠けています"}
        raise LetterRefused(order, words[order])
    content = _content(opened)
    counts = _apply(room, content, reading)
    room.take("inbox", 1)
    room.cursor.execute(
        "INSERT INTO inbox (sequence, message_id, kind, items, applied, received_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [letter.sequence, letter.message_id, content.kind, len(content.items), True, reading.at],
    )
    return counts


def note_refusal(room: Inside, letter: Envelope, refused: LetterRefused, *, at: datetime) -> None:
    """Put a refused letter on record, in a transaction of its own."""
    room.cursor.execute(
        "INSERT INTO refusal (at, what, sequence, message_id, code, reason) VALUES (%s, 'envelope', %s, %s, %s, %s)",
        [at, letter.sequence, letter.message_id[:80], refused.code, refused.message],
    )


def _verified(room: Inside, letter: Envelope, reading: Reading) -> Opened:
    try:
        opened = read(
            letter.token, recipient=room.opening_keys, senders=reading.keys.find, audience=room.body, at=reading.at
        )
    except EnvelopeRefused as error:
        raise LetterRefused(error.code, error.message) from error
    said = opened.claims
    if said.issuer != CORE or (letter.sender, letter.receiver) != (CORE, room.body):
        raise LetterRefused("wrong-sender", "国の側からの電文ではありません")
    if (said.message_id, said.sequence) != (letter.message_id, letter.sequence):
        raise LetterRefused("tampered", "封筒の外と中の番号が違います")
    return opened


def _content(opened: Opened) -> CodesIssued | PermittedBatch | OutcomeBatch:
    try:
        content = _CONTENT.validate_json(opened.payload)
    except ValidationError as error:
        raise LetterRefused("unreadable", "電文の内容を読めません") from error
    if content.kind != opened.claims.kind or not isinstance(content, CodesIssued | PermittedBatch | OutcomeBatch):
        raise LetterRefused("unreadable", "受け取るはずのない種類の電文です")
    return content


def _apply(room: Inside, content: CodesIssued | PermittedBatch | OutcomeBatch, reading: Reading) -> dict[str, int]:
    if isinstance(content, CodesIssued):
        return store_codes(room, content, at=reading.at)
    if isinstance(content, OutcomeBatch):
        return take_outcomes(room, content, years=reading.record_years, at=reading.at)
    return provide(
        room,
        content,
        permissions=reading.permissions,
        keys=reading.keys,
        years=reading.record_years,
        at=reading.at,
    )
