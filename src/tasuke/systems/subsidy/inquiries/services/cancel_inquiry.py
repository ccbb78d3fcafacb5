"""取りやめ: an inquiry that is not answered yet is withdrawn."""

from datetime import datetime

from django.db import transaction

from tasuke.contracts.inquiry import CANCEL, CancelRequest
from tasuke.platform.transport import outbox
from tasuke.systems.subsidy.inquiries.links import BUSINESS_ID
from tasuke.systems.subsidy.inquiries.models import Inquiry, InquiryState


class NotOpen(ValueError):
    """The inquiry has ended already."""


def cancel_inquiry(*, using: str, inquiry_id: int, at: datetime) -> Inquiry:
    """Cancel a held one at once; of one on its way the gateway is asked, and says later what became of it."""
    with transaction.atomic(using=using):
        inquiry = Inquiry.objects.using(using).select_for_update().get(pk=inquiry_id)
        if inquiry.state == InquiryState.HELD:
            inquiry.state, inquiry.reason = InquiryState.CANCELLED, "照会者が取りやめました"
            inquiry.save(update_fields=["state", "reason"])
        elif inquiry.state in (InquiryState.WAITING, InquiryState.SENT):
            outbox.post(
                using=using,
                provider="gateway",
                operation=CANCEL,
                request=CancelRequest(business_id=BUSINESS_ID, record_ids=(inquiry.record_id,)),
                key=f"cancel-{inquiry.record_id}-{int(at.timestamp())}",
                at=at,
            )
        else:
            raise NotOpen("この照会はもう終わっています")
    return inquiry
