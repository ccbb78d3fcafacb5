"""Inquiries into the outbox, in the transaction that records them."""

from collections.abc import Sequence
from datetime import datetime

from tasuke.contracts.inquiry import ASK, InquiriesRequest, InquiryItem
from tasuke.platform.transport import outbox
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID
from tasuke.systems.subsidy.inquiries.models import Inquiry

_AT_ONCE = 1_000


def post_inquiries(*, using: str, inquiries: Sequence[Inquiry], department: str, at: datetime) -> None:
    """Put them on their way to the gateway, a thousand in a message."""
    for start in range(0, len(inquiries), _AT_ONCE):
        part = inquiries[start : start + _AT_ONCE]
        outbox.post(
            using=using,
            provider="gateway",
            operation=ASK,
            request=InquiriesRequest(business_id=BUSINESS_ID, items=tuple(_item(i, department) for i in part)),
            key=f"ask-{part[0].record_id}",
            at=at,
        )


def _item(inquiry: Inquiry, department: str) -> InquiryItem:
    return InquiryItem(
        record_id=inquiry.record_id,
        atena_no=inquiry.atena_no,
        procedure_code=inquiry.procedure_code,
        information_code=inquiry.information_code,
        provider=inquiry.provider,
        year=inquiry.year,
        department=department,
        personal_id=inquiry.asked_by,
        protected=inquiry.protected,
        extra_step=f"{inquiry.extra_step}(承認: {inquiry.approved_by})" if inquiry.protected else "",
        undisclosed=inquiry.protected,
    )
