"""What runs again and again: send what waits, ask what became of it, receive answers. Each step can be repeated."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from tasuke.contracts.inquiry import ANSWERS, STATES, AnswersRequest, InquiryAnswer, StatesRequest
from tasuke.contracts.kit import Unreachable
from tasuke.platform.transport import outbox
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID, CONSUMER, gateway
from tasuke.systems.subsidy.inquiries.models import AnswerCursor, Inquiry, InquiryState

_PAGE = 1_000


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
    stored = []
    for inquiry in waiting:
        answer = by_id[inquiry.record_id]
        if answer.atena_no != inquiry.atena_no:
            # never put somebody's income into another person's file: a person must look at this one
            inquiry.state, inquiry.reason = InquiryState.REFUSED, "回答の宛名番号が照会と違うため受け取りませんでした"
        else:
            refused = answer.outcome == "refused"
            inquiry.state = InquiryState.REFUSED if refused else InquiryState.ANSWERED
            inquiry.reason = answer.reason[:400]
            inquiry.outcome, inquiry.sequence = answer.outcome, answer.sequence
            inquiry.items = [dict(item) for item in answer.items]
            inquiry.answered_at, inquiry.received_at = answer.answered_at, at
        stored.append(inquiry)
    fields = ["state", "reason", "outcome", "sequence", "items", "answered_at", "received_at"]
    Inquiry.objects.using(using).bulk_update(stored, fields, batch_size=500)
    return len(stored)


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
            inquiry.state, inquiry.reason = InquiryState(state.state), state.reason[:400]
            changed.append(inquiry)
        Inquiry.objects.using(using).bulk_update(changed, ["state", "reason"], batch_size=500)
        moved += len(changed)
