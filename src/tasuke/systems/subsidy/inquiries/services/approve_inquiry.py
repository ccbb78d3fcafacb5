"""A second person agrees that a protected person is asked about, or does not."""

from datetime import datetime

from django.db import transaction

from tasuke.systems.subsidy.inquiries.models import Inquiry, InquiryState
from tasuke.systems.subsidy.inquiries.posting import post_inquiries


class NotHeld(ValueError):
    """The inquiry does not wait for an approval."""


class SamePerson(ValueError):
    """Who asked cannot approve."""


def approve_inquiry(*, using: str, inquiry_id: int, agree: bool, by: str, department: str, at: datetime) -> Inquiry:
    """Send it, or cancel it. Raises NotHeld, SamePerson."""
    with transaction.atomic(using=using):
        inquiry = Inquiry.objects.using(using).select_for_update().get(pk=inquiry_id)
        if inquiry.state != InquiryState.HELD:
            raise NotHeld("この照会は承認待ちではありません")
        if inquiry.asked_by == by:
            raise SamePerson("照会した人は承認できません")
        inquiry.approved_by, inquiry.approved_at = by, at
        inquiry.state = InquiryState.WAITING if agree else InquiryState.CANCELLED
        inquiry.reason = "" if agree else "承認されませんでした"
        inquiry.save(update_fields=["approved_by", "approved_at", "state", "reason"])
        if agree:
            post_inquiries(using=using, inquiries=[inquiry], department=department, at=at)
    return inquiry
