"""The interface system takes envelopes from a body: verify, keep the order, hand the content to core, once.

Rules for a sender: numbers rise by exactly one and only a taken envelope uses one up. After `refused` the same number
is free: make the content anew, with a new message id, under that number. After `taken` or `known`, go on.
An envelope behind a refused one in the same call is `out-of-order` and comes again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from pydantic import TypeAdapter, ValidationError

from tasuke.contracts.mediation import (
    Ask,
    AskBatch,
    CodesRemoved,
    Content,
    Envelope,
    Outcome,
    OutcomeBatch,
    Permitted,
    PermittedBatch,
    Provided,
    ProvidedBatch,
    Verdict,
)
from tasuke.platform.crypto.envelopes import EnvelopeRefused, Opened, Senders, read
from tasuke.platform.crypto.order import Order, judge
from tasuke.systems.nis import mailbox
from tasuke.systems.nis.answers import mediate_answers
from tasuke.systems.nis.asks import mediate_asks
from tasuke.systems.nis.codes import remove_codes
from tasuke.systems.nis.directory import sender_lookup
from tasuke.systems.nis.models import Body, Received
from tasuke.systems.nis.records import RefusedMessage, add_refusals
from tasuke.systems.nis.settings_holder import CORE, USING, core_sealing, vault

_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)
_PAYLOAD_CONTEXT = "nis.payload"


class UnknownBody(Exception):
    """The calling client belongs to no body that takes part."""


@dataclass(slots=True)
class _Intake:
    """State of one call. last: number taken last; asks and the like: what the taken envelopes held, in their order."""

    body: str
    at: datetime
    using: str
    last: int
    senders: Senders
    verdicts: list[Verdict] = field(default_factory=list)
    refused: list[RefusedMessage] = field(default_factory=list)
    received: dict[str, Received] = field(default_factory=dict)
    fresh: list[Received] = field(default_factory=list)
    contents: list[AskBatch | ProvidedBatch | CodesRemoved] = field(default_factory=list)


def receive_envelopes(
    *, envelopes: Sequence[Envelope], body: str, at: datetime, using: str = USING
) -> tuple[Verdict, ...]:
    """Take envelopes of one body, in order; a verdict for each. body: of the calling client. Raises UnknownBody.

    All in one transaction that also holds what core does with the content and what it puts into mailboxes.
    """
    with transaction.atomic(using=using):
        row = lock_body(body=body, using=using)
        intake = _Intake(body=body, at=at, using=using, last=row.last_in, senders=sender_lookup(using=using))
        intake.received = _received_before(envelopes, intake)
        for envelope in envelopes:
            _take(envelope, intake)
        if intake.fresh:
            Received.objects.using(using).bulk_create(intake.fresh)
            Body.objects.using(using).filter(pk=row.pk).update(last_in=intake.last)
        _hand_over(intake)
        add_refusals(intake.refused, body=body, at=at, using=using)
        return tuple(intake.verdicts)


def lock_body(*, body: str, using: str) -> Body:
    """The body's row, locked: calls of one body follow each other. Raises UnknownBody."""
    row = Body.objects.using(using).select_for_update().filter(code=body).first()
    if row is None:
        raise UnknownBody(f"{body or '(なし)'} は参加していない機関です")
    return row


def _received_before(envelopes: Sequence[Envelope], intake: _Intake) -> dict[str, Received]:
    ids = [e.message_id for e in envelopes if e.message_id.isprintable()]
    rows = Received.objects.using(intake.using).filter(Q(sender=intake.body), message_id__in=ids)
    return {row.message_id: row for row in rows}


def _take(envelope: Envelope, intake: _Intake) -> None:
    before = intake.received.get(envelope.message_id)
    if before is not None and _same_token(before, envelope):  # sent again because our answer was lost: it may be old
        intake.verdicts.append(Verdict(message_id=envelope.message_id, verdict="known"))
        return
    try:
        opened = _open(envelope, intake)
        _judge(envelope, opened, before, intake)
    except EnvelopeRefused as refusal:
        _refuse(envelope, str(refusal.code), refusal.message, intake)
    except _Refused as refusal:
        _refuse(envelope, refusal.code, refusal.message, intake)


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def _open(envelope: Envelope, intake: _Intake) -> Opened:
    """Verify; what stands on the envelope must be what the sender signed inside."""
    if envelope.sender != intake.body:
        raise _Refused("wrong-sender", "封筒の送り主が、つないできた機関と違います")
    opened = read(envelope.token, recipient=core_sealing(), senders=intake.senders, audience=CORE, at=intake.at)
    if opened.claims.issuer != intake.body:
        raise _Refused("wrong-sender", "署名した機関が、つないできた機関と違います")
    signed = (opened.claims.message_id, opened.claims.sequence, opened.claims.audience)
    if signed != (envelope.message_id, envelope.sequence, envelope.receiver):
        raise _Refused("tampered", "封筒の表書きが署名された内容と違います")
    return opened


def _judge(envelope: Envelope, opened: Opened, before: Received | None, intake: _Intake) -> None:
    index = vault().index(sha256(opened.payload).hexdigest(), context=_PAYLOAD_CONTEXT)
    order = judge(
        sequence=envelope.sequence,
        last=intake.last,
        same_message_taken=before is not None
        and before.sequence == envelope.sequence
        and bytes(before.payload_index) == index,
        message_id_taken=before is not None,
    )
    if order is Order.KNOWN:
        intake.verdicts.append(Verdict(message_id=envelope.message_id, verdict="known"))
        return
    if order is not Order.NEXT:
        raise _Refused(str(order), f"次の番号は {intake.last + 1} です")
    content = _content(opened)
    row = Received(
        sender=intake.body,
        message_id=envelope.message_id,
        sequence=envelope.sequence,
        kind=content.kind,
        items=len(_items(content)),
        token_sha256=sha256(envelope.token.encode()).digest(),
        payload_index=index,
        at=intake.at,
    )
    intake.last = envelope.sequence
    intake.received[envelope.message_id] = row
    intake.fresh.append(row)
    intake.contents.append(content)
    intake.verdicts.append(Verdict(message_id=envelope.message_id, verdict="taken"))


def _content(opened: Opened) -> AskBatch | ProvidedBatch | CodesRemoved:
    """What a body may send to core. What it cannot be is refused without a word of it."""
    if not 1 <= len(opened.claims.message_id) <= 100 or not opened.claims.message_id.isprintable():
        raise _Refused("bad-content", "電文IDの形が違います")
    try:
        content = _CONTENT.validate_json(opened.payload)
    except ValidationError:
        raise _Refused("bad-content", "内容の形が約束と違います") from None
    if content.kind != opened.claims.kind or not isinstance(content, AskBatch | ProvidedBatch | CodesRemoved):
        raise _Refused("bad-content", "機関から送れる種類ではありません")
    return content


def _hand_over(intake: _Intake) -> None:
    """Let core work on what was taken, in its order, and put the results into mailboxes."""
    permitted: dict[str, list[Permitted]] = defaultdict(list)
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for content in intake.contents:
        if isinstance(content, AskBatch):
            _ask(content.asks, intake, permitted, outcomes)
        elif isinstance(content, ProvidedBatch):
            _answer(content.items, intake, outcomes)
        else:
            remove_codes(content.codes, body=intake.body, at=intake.at, using=intake.using)
    mails: dict[str, list[mailbox.Content]] = defaultdict(list)
    for provider, asked in permitted.items():
        mails[provider] += [PermittedBatch(items=part) for part in mailbox.in_parts(asked)]
    for requester, answered in outcomes.items():
        mails[requester] += [OutcomeBatch(items=part) for part in mailbox.in_parts(answered)]
    mailbox.post(using=intake.using, contents=mails, at=intake.at)


def _ask(
    asks: Sequence[Ask], intake: _Intake, permitted: dict[str, list[Permitted]], outcomes: dict[str, list[Outcome]]
) -> None:
    done = mediate_asks(asks, requester=intake.body, at=intake.at, using=intake.using)
    for provider, group in done.permitted.items():
        permitted[provider] += group
    outcomes[intake.body] += done.outcomes
    intake.refused += done.refused


def _answer(items: Sequence[Provided], intake: _Intake, outcomes: dict[str, list[Outcome]]) -> None:
    done = mediate_answers(items, provider=intake.body, at=intake.at, using=intake.using)
    for requester, group in done.outcomes.items():
        outcomes[requester] += group
    intake.refused += done.refused


def _refuse(envelope: Envelope, code: str, message: str, intake: _Intake) -> None:
    intake.verdicts.append(Verdict(message_id=envelope.message_id, verdict="refused", reason=code))
    intake.refused.append(
        RefusedMessage(
            code, message, sender=envelope.sender, message_id=envelope.message_id, sequence=envelope.sequence
        )
    )


def _same_token(before: Received, envelope: Envelope) -> bool:
    same = bytes(before.token_sha256) == sha256(envelope.token.encode()).digest()
    return same and before.sequence == envelope.sequence and envelope.sender == before.sender


def _items(content: AskBatch | ProvidedBatch | CodesRemoved) -> Sequence[object]:
    if isinstance(content, AskBatch):
        return content.asks
    return content.items if isinstance(content, ProvidedBatch) else content.codes
