"""What runs again and again: send what waits, ask what became of it, receive answers. Each step can be repeated."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from tasuke.contracts.inquiry import ANSWERS, STATES, AnswersRequest, InquiryAnswer, StatesRequest
from tasuke.contracts.kit import Unreachable
from tasuke.platform.transport import outbox
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID, CONSUMER, gateway
from tasuke.systems.subsidy.inquiries.models import AnswerCursor, Inquiry, InquiryState

_PAGE = 1_000
_ANSWER = """
UPDATE subsidy_inquiry i SET state = row.state, reason = row.reason, outcome = row.outcome, sequence = row.sequence,
  items = row.items::jsonb, answered_at = row.answered_at, received_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::timestamptz[])
  AS row (id, state, reason, outcome, sequence, items, answered_at)
WHERE i.id = row.id
"""
_MOVE = """
UPDATE subsidy_inquiry i SET state = row.state, reason = row.reason
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS row (id, state, reason) WHERE i.id = row.id
"""


def exchange(*, using: str, at: datetime) -> dict[str, int]:
    """One round with the gateway. Counts: sent (messages), states (inquiries that moved), answers; unreachable: 1."""
    counts: Counter[str] = Counter()
    counts["sent"] = outbox.deliver(using=using, consumer=CONSUMER, at=at).sent
    try:
        counts["answers"] = receive_answers(using=using, at=at)
        counts["states"] = refresh_states(using=using)
    except Unreachable:
        counts["unreachable"] = 1
    return dict(counts)


def receive_answers(*, using: str, at: datetime) -> int:
    """Fetch and store every answer that is new; gives how many. Raises Unreachable, with all pages before it kept."""
    total = 0
    while True:
        with transaction.atomic(using=using):
            cursor, _ = AnswerCursor.objects.using(using).select_for_update().get_or_create(pk=1)
            page = gateway().call(ANSWERS, AnswersRequest(business_id=BUSINESS_ID, after=cursor.last, limit=_PAGE))
            if not page.answers:
                return total
            total += _store(page.answers, using, at)
            cursor.last = page.answers[-1].sequence
            cursor.save(update_fields=["last"])


def _store(answers: tuple[InquiryAnswer, ...], using: str, at: datetime) -> int:
    by_id = {answer.record_id: answer for answer in answers}
    waiting = Inquiry.objects.using(using).select_for_update().filter(record_id__in=by_id, sequence__isnull=True)
    right: list[tuple[int, InquiryAnswer]] = []
    wrong: list[int] = []
    for pk, record_id, atena_no in waiting.order_by("pk").values_list("pk", "record_id", "atena_no"):
        answer = by_id[record_id]
        if answer.atena_no == atena_no:
            right.append((pk, answer))
        else:
            wrong.append(pk)
    # never put somebody's income into another person's file: a person must look at this one
    Inquiry.objects.using(using).filter(pk__in=wrong).update(
        state=InquiryState.REFUSED, reason="回答の宛名番号が照会と違うため受け取りませんでした"
    )
    if right:
        with connections[using].cursor() as cursor:
            cursor.execute(_ANSWER, [at, *_columns(right)])
    return len(right) + len(wrong)


def _columns(answers: list[tuple[int, InquiryAnswer]]) -> list[list[Any]]:
    refused, answered = InquiryState.REFUSED.value, InquiryState.ANSWERED.value
    return [
        [pk for pk, _ in answers],
        [refused if answer.outcome == "refused" else answered for _, answer in answers],
        [answer.reason[:400] for _, answer in answers],
        [answer.outcome for _, answer in answers],
        [answer.sequence for _, answer in answers],
        [json.dumps(answer.items, ensure_ascii=False) for _, answer in answers],
        [answer.answered_at for _, answer in answers],
    ]


def refresh_states(*, using: str) -> int:
    """Ask the gateway about those on their way; gives how many have moved. Raises Unreachable."""
    moving = (InquiryState.WAITING, InquiryState.SENT)
    moved = 0
    after = 0
    while True:
        page = list(Inquiry.objects.using(using).filter(state__in=moving, pk__gt=after).order_by("pk")[:_PAGE])
        if not page:
            return moved
        after = page[-1].pk
        request = StatesRequest(business_id=BUSINESS_ID, record_ids=tuple(i.record_id for i in page))
        told = {state.record_id: state for state in gateway().call(STATES, request).states}
        changed = []
        for inquiry in page:
            state = told.get(inquiry.record_id)
            # an answer is taken over by `receive_answers` alone, so that state and contents never differ
            if state is None or state.state == "answered" or state.state == inquiry.state:
                continue
            changed.append((inquiry.pk, InquiryState(state.state).value, state.reason[:400]))
        if changed:
            with connections[using].cursor() as cursor:
                cursor.execute(_MOVE, [list(column) for column in zip(*changed, strict=True)])
        moved += len(changed)
