"""Messages that must arrive, once and in order: posted in the caller's transaction, delivered afterwards."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, QuerySet

from tasuke.contracts.book import operation_at
from tasuke.contracts.kit import Message, Operation, Refused, Unreachable
from tasuke.platform.transport.links import link_to
from tasuke.platform.transport.models import Outgoing
from tasuke.platform.transport.retention import rule_at

_log = logging.getLogger(__name__)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)
_TOO_OLD = "一度送ってから再送の限度を過ぎました。届いたかどうかを相手に確かめてください"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Of one round: sent; failed (will be tried again); dead (a person must look)."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


def post(*, using: str, provider: str, operation: Operation[Any, Any], request: Message, key: str, at: datetime) -> int:
    """Put a message into the outbox, in the current transaction. key: unique per provider for ever. Gives its id."""
    return (
        Outgoing.objects.using(using)
        .create(
            provider=provider,
            contract=operation.contract,
            version=operation.version,
            operation=operation.name,
            key=key,
            body=request.model_dump_json(),
            posted_at=at,
            next_at=at,
        )
        .pk
    )


def deliver(*, using: str, consumer: str, at: datetime, limit: int = 100) -> Delivered:
    """One round: up to `limit` messages to each provider, in order.

    A provider that does not answer is left alone until its back-off has passed, and nothing overtakes the message that
    waits: the national side may be away for days. A refusal is final: the message is dead, and the next one goes on.
    """
    total = Delivered()
    waiting = Outgoing.objects.using(using).filter(state=Outgoing.State.WAITING)
    heads = waiting.values("provider").annotate(first=Min("id")).values_list("first", flat=True)
    due = waiting.filter(pk__in=list(heads), next_at__lte=at).values_list("provider", flat=True)
    for provider in sorted(due):
        one = _deliver_to(provider, using=using, consumer=consumer, at=at, limit=limit)
        total = Delivered(total.sent + one.sent, total.failed + one.failed, total.dead + one.dead)
    return total


def _deliver_to(provider: str, *, using: str, consumer: str, at: datetime, limit: int) -> Delivered:
    sent = dead = 0
    for _ in range(limit):
        # the row stays locked while it is sent: two rounds at once never send the same message twice
        with transaction.atomic(using=using):
            message = (
                Outgoing.objects.using(using)
                .select_for_update()
                .filter(provider=provider, state=Outgoing.State.WAITING)
                .order_by("id")
                .first()
            )
            if message is None:
                break
            if message.attempts and message.posted_at < at - rule_at(at).resend:
                # it may have arrived, and the other side may soon have forgotten that: a person finds out
                _end(message, Outgoing.State.DEAD, at, _TOO_OLD)
                dead += 1
                continue
            try:
                _send(message, consumer)
            except Unreachable as error:
                _back_off(message, at, str(error))
                return Delivered(sent, 1, dead)
            except Refused as error:
                _end(message, Outgoing.State.DEAD, at, _reason(error))
                dead += 1
            else:
                _end(message, Outgoing.State.DELIVERED, at, "")
                sent += 1
    return Delivered(sent, 0, dead)


def _send(message: Outgoing, consumer: str) -> None:
    operation = operation_at(message.contract, message.version, message.operation)
    if operation is None:
        raise Refused("この版の約束はもうありません")
    request = operation.request.model_validate_json(message.body)
    link_to(message.provider, consumer=consumer).call(operation, request, key=message.key)


def _back_off(message: Outgoing, at: datetime, error: str) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(message.attempts, 20), _LONGEST_WAIT)
    message.attempts += 1
    message.next_at = at + wait
    message.error = error[:500]
    message.save(update_fields=["attempts", "next_at", "error"])


def _end(message: Outgoing, state: Outgoing.State, at: datetime, error: str) -> None:
    if state == Outgoing.State.DEAD:
        _log.warning("message is dead", extra={"outgoing_id": message.pk, "provider": message.provider})
    message.state = state
    message.attempts += 1
    message.ended_at = at
    message.error = error[:500]
    if state == Outgoing.State.DELIVERED:
        message.body = ""  # what has arrived is kept by who received it
    message.save(update_fields=["state", "attempts", "ended_at", "error", "body"])


def _reason(error: Refused) -> str:
    return "; ".join([error.title, *(f"{e.code} {e.field} {e.message}" for e in error.errors)])


def waiting(using: str) -> "QuerySet[Outgoing]":
    """Messages on their way, the oldest first."""
    return Outgoing.objects.using(using).filter(state=Outgoing.State.WAITING).order_by("id")


def dead_letters(using: str) -> "QuerySet[Outgoing]":
    """Messages that a person must look at, the oldest first."""
    return Outgoing.objects.using(using).filter(state=Outgoing.State.DEAD).order_by("id")


def send_again(*, using: str, outgoing_id: int, at: datetime) -> None:
    """A person has found out why: the dead message waits again.

    Raises Outgoing.DoesNotExist when it is not dead, or so old that it must not be sent any more (retention.py).
    """
    with transaction.atomic(using=using):
        young = dead_letters(using).filter(posted_at__gte=at - rule_at(at).resend)
        message = young.select_for_update().get(pk=outgoing_id)
        message.state = Outgoing.State.WAITING
        message.ended_at = None
        message.next_at = at
        message.attempts = 0
        message.save(update_fields=["state", "ended_at", "next_at", "attempts"])
