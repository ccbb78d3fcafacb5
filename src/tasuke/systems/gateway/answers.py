"""Answers on their way to a business: numbered in the order of commit, contents sealed, erased after a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import connections

from tasuke.contracts.inquiry import InquiryAnswer, Value
from tasuke.platform.crypto.vault import Vault, vault_of
from tasuke.systems.gateway.models import Answer, Counter, Inquiry, InquiryState

SYSTEM = "gateway"
KEEP_DAYS = 90  # the business keeps what it needs; the gateway is a way and no register (own choice)
_CONTEXT = "gateway.answer"
_NOTHING = b"[]"
Outcome = Literal["found", "none", "withheld", "refused"]
_OUTCOMES: dict[str, Outcome] = {"found": "found", "none": "none", "withheld": "withheld", "refused": "refused"}


@dataclass(frozen=True, slots=True)
class New:
    """An answer to be given. items: in the business's fields."""

    inquiry: Inquiry
    outcome: Outcome
    answered_at: datetime
    reason: str = ""
    items: tuple[dict[str, Value], ...] = ()


def vault() -> Vault:
    """Where the keys of this system lie."""
    return vault_of(SYSTEM)


def give(new: Sequence[New], *, using: str, at: datetime) -> None:
    """Number the answers, store them and end their inquiries, in the caller's transaction.

    The counter of the business stays locked until the end, so that a reader never sees a number before a smaller one.
    """
    if not new:
        return
    sealed = vault().seal_many((json.dumps(one.items, ensure_ascii=False).encode() for one in new), context=_CONTEXT)
    businesses = sorted({one.inquiry.business_id for one in new})
    next_of = {business: counter(f"answers-{business}", using=using) for business in businesses}
    rows = []
    for one, blob in zip(new, sealed, strict=True):
        business = one.inquiry.business_id
        next_of[business].value += 1
        rows.append(
            Answer(
                inquiry=one.inquiry,
                business_id=business,
                sequence=next_of[business].value,
                outcome=one.outcome,
                reason=one.reason[:300],
                sealed=blob,
                answered_at=one.answered_at,
                at=at,
            )
        )
    Answer.objects.using(using).bulk_create(rows)
    for changed in next_of.values():
        changed.save(using=using, update_fields=["value"])
    _end(new, using, at)


def _end(new: Sequence[New], using: str, at: datetime) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "UPDATE gateway_inquiry i SET state = row.state, reason = row.reason, ended_at = %s"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS row (id, state, reason) WHERE i.id = row.id",
            [
                at,
                [one.inquiry.pk for one in new],
                [InquiryState.REFUSED if one.outcome == "refused" else InquiryState.ANSWERED for one in new],
                [one.reason[:300] for one in new],
            ],
        )


def counter(name: str, *, using: str) -> Counter:
    """A counter, locked until the end of the transaction; made at first use."""
    Counter.objects.using(using).bulk_create([Counter(name=name)], ignore_conflicts=True)
    return Counter.objects.using(using).select_for_update().get(pk=name)


def answers_after(business_id: str, *, after: int, limit: int, using: str) -> tuple[InquiryAnswer, ...]:
    """Answers of a business in the order of their sequence; erased ones come without contents."""
    rows = list(
        Answer.objects.using(using)
        .select_related("inquiry")
        .filter(business_id=business_id, sequence__gt=after)
        .order_by("sequence")[:limit]
    )
    contents = vault().open_many((bytes(row.sealed) for row in rows if row.erased_at is None), context=_CONTEXT)
    opened = iter(contents)
    return tuple(
        InquiryAnswer(
            sequence=row.sequence,
            record_id=row.inquiry.record_id,
            atena_no=row.inquiry.atena_no,
            outcome=_OUTCOMES[row.outcome],
            reason=row.reason if row.erased_at is None else "保存期間を過ぎたため、内容は消去されています",
            provider=row.inquiry.provider,
            information_code=row.inquiry.information_code,
            answered_at=row.answered_at,
            items=tuple(json.loads(next(opened) if row.erased_at is None else _NOTHING)),
        )
        for row in rows
    )


def last_of(business_id: str, *, using: str) -> int:
    """Highest sequence that exists for a business."""
    found = Answer.objects.using(using).filter(business_id=business_id).order_by("-sequence").first()
    return found.sequence if found else 0


def erase_old(*, using: str, at: datetime, limit: int = 10_000) -> int:
    """Erase contents of answers older than KEEP_DAYS; that there was an answer stays. Gives how many."""
    old = Answer.objects.using(using).filter(erased_at__isnull=True, at__lt=at - timedelta(days=KEEP_DAYS))
    chosen = list(old.order_by("at").values_list("pk", flat=True)[:limit])
    return Answer.objects.using(using).filter(pk__in=chosen).update(sealed=b"", erased_at=at)
