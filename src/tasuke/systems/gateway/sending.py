"""Inquiries on their way out: 宛名番号 → 統合宛名番号, to 中間サーバー in order, taken back when cancelled."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connections, transaction

from tasuke.contracts.interface import (
    CANCEL_INQUIRIES,
    REGISTER_INQUIRIES,
    MidInquiries,
    MidInquiry,
    MidStatesRequest,
)
from tasuke.contracts.kit import Refused
from tasuke.contracts.unified import RowError
from tasuke.systems.gateway import answers, links
from tasuke.systems.gateway.models import Inquiry, InquiryState

USING = "gateway"
_UNKNOWN = "この宛名番号は統合宛名に登録されていません"
_CODE_WAITS = "符号を取得中です"
_CODE_FAILED = "符号を取得できなかったため、照会できません"
_MOVE = """
UPDATE gateway_inquiry i SET state = row.state, unified_no = row.unified_no, reason = row.reason
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS row (id, state, unified_no, reason)
WHERE i.id = row.id
"""


def convert_numbers(at: datetime, limit: int) -> dict[str, int]:
    """Convert what waits; who has no 符号 yet waits on, who is unknown is refused. Raises Unreachable."""
    counts = {"converted": 0, "unknown": 0, "code_waits": 0}
    after = 0
    while True:
        with transaction.atomic(using=USING):
            rows = _locked(InquiryState.WAITING, limit, after)
            if not rows:
                return counts
            after = rows[-1].pk
            _convert(rows, counts, at)
        if len(rows) < _page(limit):
            return counts


def _convert(rows: list[Inquiry], counts: dict[str, int], at: datetime) -> None:
    moved: list[tuple[int, str, str, str]] = []
    refused: list[answers.New] = []
    for business in sorted({row.business_id for row in rows}):
        own = [row for row in rows if row.business_id == business]
        found = links.to_unified(business, [row.atena_no for row in own])
        for row, no, state in zip(own, found.numbers, found.code_states, strict=True):
            if no is None:
                refused.append(answers.New(row, "refused", at, _UNKNOWN))
            elif state == "failed":
                refused.append(answers.New(row, "refused", at, _CODE_FAILED))
            elif state == "acquired":
                moved.append((row.pk, InquiryState.READY, no, ""))
            elif row.reason != _CODE_WAITS:
                moved.append((row.pk, InquiryState.WAITING, "", _CODE_WAITS))
            counts["code_waits"] += int(no is not None and state not in ("acquired", "failed"))
    counts["converted"] += sum(state == InquiryState.READY for _, state, _, _ in moved)
    counts["unknown"] += len(refused)
    answers.give(refused, using=USING, at=at)
    if moved:
        with connections[USING].cursor() as cursor:
            cursor.execute(_MOVE, [list(column) for column in zip(*moved, strict=True)])


def send_inquiries(at: datetime, limit: int) -> dict[str, int]:
    """Send what is ready, in order. Rows stay locked while they travel. Raises Unreachable; what was sent stays so."""
    counts = {"sent": 0, "refused": 0, "stuck": 0}
    while True:
        with transaction.atomic(using=USING):
            rows = _locked(InquiryState.READY, limit, 0)
            if not rows:
                return counts
            _send(rows, counts, at)
        if len(rows) < _page(limit):
            return counts


def _send(rows: Sequence[Inquiry], counts: dict[str, int], at: datetime) -> None:
    """Send these; when the whole message is refused, halves of it, until the row that is to blame stands alone."""
    try:
        reply = links.tell(REGISTER_INQUIRIES, MidInquiries(items=tuple(map(_message, rows))))
    except Refused as refused:
        if len(rows) > 1:
            middle = len(rows) // 2
            _send(rows[:middle], counts, at)
            _send(rows[middle:], counts, at)
            return
        counts["stuck"] += 1
        reason = "; ".join([refused.title, *(f"{e.code} {e.field}" for e in refused.errors)])[:300]
        Inquiry.objects.using(USING).filter(pk=rows[0].pk).update(state=InquiryState.STUCK, reason=reason)
        return
    bad = {error.row: error for error in reply.errors}
    good = [row.pk for place, row in enumerate(rows, start=1) if place not in bad]
    Inquiry.objects.using(USING).filter(pk__in=good).update(state=InquiryState.SENT, sent_at=at, reason="")
    answers.give([_refusal(rows[place - 1], error, at) for place, error in bad.items()], using=USING, at=at)
    counts["sent"] += len(good)
    counts["refused"] += len(bad)


def cancel_sent(at: datetime, limit: int) -> dict[str, int]:
    """Ask back what is to be cancelled; what is too late for that waits for its answer. Raises Unreachable."""
    counts = {"cancelled": 0, "too_late": 0}
    while True:
        with transaction.atomic(using=USING):
            rows = _locked(InquiryState.CANCELLING, limit, 0)
            if not rows:
                return counts
            request = MidStatesRequest(record_ids=tuple(row.mid_record_id for row in rows))
            reply = links.tell(CANCEL_INQUIRIES, request, salt=at.isoformat())
            gone = {status.record_id for status in reply.states if status.state == "cancelled"}
            mine = Inquiry.objects.using(USING).filter(pk__in=[row.pk for row in rows])
            counts["cancelled"] += mine.filter(mid_record_id__in=gone).update(
                state=InquiryState.CANCELLED, ended_at=at, reason=""
            )
            counts["too_late"] += mine.exclude(mid_record_id__in=gone).update(
                state=InquiryState.SENT, reason="取りやめは間に合いませんでした"
            )


def _refusal(row: Inquiry, error: RowError, at: datetime) -> answers.New:
    return answers.New(row, "refused", at, f"{error.code} {error.message}")


def _message(row: Inquiry) -> MidInquiry:
    return MidInquiry(
        record_id=row.mid_record_id,
        unified_no=row.unified_no,
        procedure_code=row.procedure_code,
        information_code=row.information_code,
        provider=row.provider,
        year=row.year,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        department=row.department,
        personal_id=row.personal_id,
        undisclosed=row.undisclosed,
    )


def _locked(state: InquiryState, limit: int, after: int) -> list[Inquiry]:
    """The oldest in this state, locked; a round that runs beside this one takes others."""
    rows = Inquiry.objects.using(USING).select_for_update(skip_locked=True).filter(state=state, pk__gt=after)
    return list(rows.order_by("pk")[: _page(limit)])


def _page(limit: int) -> int:
    """Rows of one message. A page that is not full was the last one."""
    return min(limit, links.MOST)
