"""取りやめ: what was not sent ends here; what was sent is asked back from 中間サーバー in the next round."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tasuke.systems.gateway.models import Inquiry, InquiryState

_HERE = (InquiryState.WAITING, InquiryState.READY, InquiryState.STUCK)


def cancel_inquiries(*, using: str, business_id: str, record_ids: Sequence[str], at: datetime) -> None:
    """Cancel those that are not ended. A message on its way holds its rows: this waits for it."""
    rows = Inquiry.objects.using(using).filter(business_id=business_id, record_id__in=record_ids)
    with transaction.atomic(using=using):
        list(rows.select_for_update().order_by("id").values_list("id", flat=True))
        rows.filter(state__in=_HERE).update(state=InquiryState.CANCELLED, ended_at=at, reason="")
        rows.filter(state=InquiryState.SENT).update(state=InquiryState.CANCELLING)
