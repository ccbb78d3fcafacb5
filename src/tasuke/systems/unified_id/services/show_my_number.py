"""Show one 個人番号 to a permitted person for a permitted business; that it was shown is on record."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localdate

from tasuke.platform.audit import EventKind, Recorder
from tasuke.systems.unified_id.models import BusinessNumber, NumberRow
from tasuke.systems.unified_id.my_number import MyNumber, open_at_rest
from tasuke.systems.unified_id.queries import permits_in_force


@dataclass(frozen=True, slots=True)
class NotPermitted(Exception):
    """Why it is not shown, in words for the screen."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def show_my_number(
    *, using: str, business_id: str, atena_no: str, personal_id: str, purpose: str, audit: Recorder, at: datetime
) -> MyNumber | None:
    """The number in force of the person behind the business's 宛名番号; None when there is no such person or number.

    Must run in the transaction into which `audit` is flushed: the row of the trail stands or nothing is shown.
    Raises NotPermitted; the refusal goes to the trail as well.
    """
    if not purpose.strip():
        raise NotPermitted("個人番号を表示する目的を書いてください")
    permitted = {p.business_id for p in permits_in_force(using=using, personal_id=personal_id, on=localdate(at))}
    if business_id not in permitted:
        audit.event(EventKind.REFUSED, f"個人番号の表示(業務{business_id})", by=personal_id)
        raise NotPermitted("この業務で個人番号を表示する許可がありません")
    audit.because(purpose)
    audit.read([atena_no], f"my-number business {business_id} by {personal_id}")
    link = (
        BusinessNumber.objects.using(using)
        .filter(business_id=business_id, atena_no=atena_no, unlinked_at__isnull=True)
        .first()
    )
    if link is None:
        return None
    row = NumberRow.objects.using(using).filter(person_id=link.person_id, ended_at__isnull=True).first()
    return None if row is None else open_at_rest([bytes(row.sealed)])[0]
