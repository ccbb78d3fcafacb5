"""利用申請: a department applies for items of a scheme; nothing flows before another person permits it."""

from collections.abc import Sequence
from datetime import date, datetime

from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.sharing.models import SharingPermit
from tasuke.systems.subsidy.sharing.rules import items_of

LONGEST_DAYS = 366 * 3


class CannotApply(ValueError):
    """Why the application is not taken; the text is for the clerk."""


def apply_permit(
    *,
    using: str,
    rule: SharingRule,
    applicant: str,
    purpose: str,
    items: Sequence[str],
    first: date,
    last: date,
    by: str,
    at: datetime,
) -> SharingPermit:
    """Record an application for the days first to last, inclusive.

    Raises CannotApply: nothing or too much asked for, no purpose, a period that ends before it begins or is too long.
    """
    allowed = items_of(rule)
    if not items or set(items) - set(allowed):
        raise CannotApply("移転できる項目から選んでください")
    if not purpose.strip() or not applicant.strip():
        raise CannotApply("申請者と利用目的を入力してください")
    if last < first:
        raise CannotApply("最終日が開始日より前です")
    if (last - first).days >= LONGEST_DAYS:
        raise CannotApply("許可の期間は3年までです。続けるときは、もう一度申請してください")
    return SharingPermit.objects.using(using).create(
        rule=rule.key,
        scheme=rule.scheme,
        recipient=rule.recipient,
        system=rule.system,
        legal_basis=rule.legal_basis,
        use=rule.use,
        applicant=applicant.strip(),
        purpose=purpose.strip(),
        items=[item for item in allowed if item in set(items)],
        valid=(first, date.fromordinal(last.toordinal() + 1)),
        requested_by=by,
        requested_at=at,
    )
