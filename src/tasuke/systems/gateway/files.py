"""Inquiries and their outcome as files (GW-4): the documented form of formats/inquiry_file, unconfirmed as a whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.timezone import localtime

from tasuke.formats.inquiry_file import GOOD_DETAIL, GOOD_INFORMATION, InquiryRow, ResultRow
from tasuke.systems.gateway.models import Inquiry, InquiryState
from tasuke.systems.gateway.policy import policy

# Own choice except for the good pair: the official states are unpublished.
_DETAIL = {
    InquiryState.ANSWERED: GOOD_DETAIL,
    InquiryState.REFUSED: "90",
    InquiryState.CANCELLED: "91",
}
_OUTCOMES = {"found": GOOD_INFORMATION, "none": "02", "withheld": "03", "refused": "90"}


def inquiry_row(row: Inquiry) -> InquiryRow:
    """An inquiry as a row of the file, with the last day of its period. A year is written as the days of the 年度."""
    start = f"{row.year}0401" if row.year else _day(row.valid_from)
    end = f"{row.year + 1}0331" if row.year else _day(row.valid_to and row.valid_to - timedelta(days=1))
    return InquiryRow(
        number_system="01",
        atena_no=row.atena_no,
        unified_no=row.unified_no,
        asked_at=localtime(row.asked_at).strftime("%Y%m%d%H%M%S") + f"{row.asked_at.microsecond // 1000:03}",
        department=_plain(row.department),
        user_id=_plain(row.personal_id),
        requester=policy().body,
        undisclosed="1" if row.undisclosed else "0",
        business_code="",
        procedure_code=row.procedure_code,
        delegating_requester="",
        delegating_provider="",
        provider=row.provider,
        information_code=row.information_code,
        condition="1" if row.year else "2" if row.valid_from or row.valid_to else "0",
        year_kind="1" if row.year else "0",
        start=start,
        end=end,
    )


def ended_between(*, start: datetime, end: datetime, limit: int, using: str) -> list[Inquiry]:
    """Inquiries that ended in this time, in the order of asking."""
    rows = Inquiry.objects.using(using).select_related("answer").filter(ended_at__gte=start, ended_at__lt=end)
    return list(rows.order_by("pk")[:limit])


def result_rows(rows: Sequence[Inquiry]) -> list[ResultRow]:
    """Ended inquiries as rows of the result file: whether the information came, never the information."""
    return [
        ResultRow(
            inquiry_row(row),
            _DETAIL[InquiryState(row.state)],
            _OUTCOMES[row.answer.outcome] if hasattr(row, "answer") else "90",
        )
        for row in rows
    ]


def _plain(text: str) -> str:
    """The file is ASCII without commas: what does not fit is left blank, since no rule says how to write it."""
    return text if text.isascii() and text.isprintable() and "," not in text and " " not in text else ""


def _day(value: object) -> str:
    return "" if value is None else str(value).replace("-", "")
