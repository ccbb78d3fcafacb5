"""Letters to core. A number and an id are given once and for ever; sealing and signing is done at each sending.

So a letter may wait for days, outlive a key, and be sent again after a crash, and it is always the same letter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tasuke.contracts.mediation import AskBatch, CodesRemoved, Envelope, ProvidedBatch, Verdict
from tasuke.platform.crypto.envelopes import Claims, RefusalCode, make
from tasuke.platform.crypto.order import Order
from tasuke.systems.midserver.directory import CORE, Directory, NoKey
from tasuke.systems.midserver.mail.settling import refuse_inquiries
from tasuke.systems.midserver.safe import MAIL
from tasuke.systems.midserver.tenancy import Inside

Letter = AskBatch | ProvidedBatch | CodesRemoved
_LIFE = timedelta(hours=24)
_TRIES = 3
# the way or the keys are at fault, not the letter: it is sent again until somebody has mended them
_NOT_THE_LETTER = frozenset({*RefusalCode, *Order})


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that waits."""

    sequence: int
    message_id: str
    kind: str
    payload: bytes
    attempts: int


def post(room: Inside, letter: Letter, *, at: datetime) -> str:
    """Put a letter into the outbox, in the current transaction; give its id."""
    sequence = room.take("outbox", 1)
    message_id = f"{room.body}-{sequence:013d}"
    items = len(letter.codes if isinstance(letter, CodesRemoved) else _items(letter))
    payload = room.vault.seal(letter.model_dump_json().encode(), context=MAIL)
    room.cursor.execute(
        "INSERT INTO outbox (sequence, message_id, kind, items, payload_sealed, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [sequence, message_id, letter.kind, items, payload, at],
    )
    return message_id


def next_letters(room: Inside, *, limit: int) -> list[Ready]:
    """The first letters that wait, in order. The attempt is counted, so each try goes out under a key of its own."""
    rows = room.rows(
        "UPDATE outbox SET attempts = attempts + 1 WHERE sequence IN"
        " (SELECT sequence FROM outbox WHERE state = 'ready' ORDER BY sequence LIMIT %s)"
        " RETURNING sequence, message_id, kind, payload_sealed, attempts",
        [limit],
    )
    rows.sort()
    payloads = room.vault.open_many([row[3] for row in rows], context=MAIL)
    return [Ready(r[0], r[1], r[2], payload, r[4]) for r, payload in zip(rows, payloads, strict=True)]


def envelope(room: Inside, letter: Ready, *, keys: Directory, at: datetime) -> Envelope:
    """Sign and seal a letter to core. Raises NoKey."""
    recipient = keys.sealing_key(CORE, at)
    if recipient is None:
        raise NoKey("国の公開鍵が鍵の一覧にありません")
    claims = Claims(
        issuer=room.body,
        audience=CORE,
        message_id=letter.message_id,
        sequence=letter.sequence,
        issued_at=at,
        expires_at=at + _LIFE,
        kind=letter.kind,
    )
    token = make(letter.payload, signer=keys.own(room.signing_keys, at), recipient=recipient, claims=claims)
    return Envelope(
        message_id=letter.message_id, sequence=letter.sequence, sender=room.body, receiver=CORE, token=token
    )


def note_verdicts(room: Inside, letters: list[Ready], verdicts: tuple[Verdict, ...], *, at: datetime) -> dict[str, int]:
    """Write down what core said to each letter. A refused one stays first in line unless it is itself at fault."""
    said = {verdict.message_id: verdict for verdict in verdicts}
    counts = {"letters_sent": 0, "letters_refused": 0}
    sent: list[int] = []
    for letter in letters:
        verdict = said.get(letter.message_id)
        if verdict is None:
            break
        if verdict.verdict == "refused":
            counts["letters_refused"] += 1
            _note_refusal(room, letter, verdict, at=at)
            break
        sent.append(letter.sequence)
    if sent:
        room.cursor.execute(
            "UPDATE outbox SET state = 'sent', ended_at = %s, payload_sealed = NULL"
            " WHERE sequence = ANY(%s) AND state = 'ready'",
            [at, sent],
        )
    return counts | {"letters_sent": len(sent)}


def _note_refusal(room: Inside, letter: Ready, verdict: Verdict, *, at: datetime) -> None:
    room.cursor.execute(
        "INSERT INTO refusal (at, what, sequence, message_id, code, reason) VALUES (%s, 'verdict', %s, %s, %s, %s)",
        [at, letter.sequence, letter.message_id, verdict.reason[:40], verdict.reason[:200]],
    )
    if verdict.reason.partition(":")[0].strip() in _NOT_THE_LETTER or letter.attempts < _TRIES:
        return
    if letter.kind == "ask":
        ids = room.rows("SELECT id FROM inquiry WHERE message_id = %s AND state = 'sent'", [letter.message_id])
        refuse_inquiries(room, {row[0]: "国の側が照会を受け付けませんでした" for row in ids}, at=at)
    if letter.kind == "provided":
        room.cursor.execute(
            "UPDATE outbox SET reason = %s WHERE sequence = %s", [verdict.reason[:200], letter.sequence]
        )
    # the number must be used up before the next letter is taken: an empty letter takes the place of the refused one
    empty = room.vault.seal(CodesRemoved(codes=()).model_dump_json().encode(), context=MAIL)
    room.cursor.execute(
        "UPDATE outbox SET kind = 'codes-removed', items = 0, payload_sealed = %s, message_id = message_id || 'E',"
        " attempts = 0 WHERE sequence = %s",
        [empty, letter.sequence],
    )


def _items(letter: AskBatch | ProvidedBatch) -> tuple[object, ...]:
    return letter.asks if isinstance(letter, AskBatch) else letter.items
