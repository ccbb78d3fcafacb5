"""A dead letter is put back into the queue after a person has found out why 中間サーバー refused it."""

from tasuke.platform.audit import Recorder
from tasuke.systems.gateway.models import Inquiry, InquiryState


class NothingToRetry(ValueError):
    """The inquiry is not standing still, in words for the screen."""


def retry_inquiry(*, using: str, inquiry_id: int, audit: Recorder) -> None:
    """The next round sends it again: what was registered before is known by its record id. Raises NothingToRetry."""
    rows = Inquiry.objects.using(using).filter(pk=inquiry_id, state=InquiryState.STUCK)
    row = rows.select_for_update().first()
    if row is None:
        raise NothingToRetry("この照会は止まっていません")
    rows.update(state=InquiryState.READY, reason="")
    audit.changed([row.atena_no], "inquiry", before={"state": "stuck"}, after={"state": "ready"})
