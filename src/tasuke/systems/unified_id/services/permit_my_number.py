"""Who may see a 個人番号 for which business: asked for by one person, approved by another, for a time."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.systems.unified_id.models import MyNumberPermit


class PermitRefused(ValueError):
    """Why the permit cannot be asked for or approved, in words for the screen."""


def request_permit(
    *, using: str, business_id: str, personal_id: str, legal_basis: str, start: date, end: date, by: str, at: datetime
) -> MyNumberPermit:
    """Ask for a permit. end: exclusive. Raises PermitRefused: no period, or one that overlaps another permit."""
    if not start < end:
        raise PermitRefused("有効期間の終わりは始めより後にしてください")
    try:
        with transaction.atomic(using=using):
            return MyNumberPermit.objects.using(using).create(
                business_id=business_id,
                personal_id=personal_id,
                legal_basis=legal_basis,
                valid=DateRange(start, end),
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError:
        raise PermitRefused("同じ人の同じ業務の許可が、その期間にもうあります") from None


def approve_permit(*, using: str, permit_id: int, by: str, at: datetime) -> MyNumberPermit:
    """Approve. Raises PermitRefused: the one who asked, the one it is for, or nothing left to approve."""
    with transaction.atomic(using=using):
        permit = (
            MyNumberPermit.objects.using(using)
            .select_for_update()
            .filter(pk=permit_id, approved_at__isnull=True)
            .first()
        )
        if permit is None:
            raise PermitRefused("承認を待つ許可がありません")
        if by in (permit.requested_by, permit.personal_id):
            raise PermitRefused("申請した人と本人は承認できません")
        permit.approved_by, permit.approved_at = by, at
        permit.save(using=using, update_fields=["approved_by", "approved_at"])
    return permit


def end_permit(*, using: str, permit_id: int, on: date) -> MyNumberPermit:
    """The permit holds no longer from this day on; one that has not begun by then never does.

    Raises PermitRefused: there is none in force.
    """
    with transaction.atomic(using=using):
        permit = MyNumberPermit.objects.using(using).select_for_update().filter(pk=permit_id).first()
        if permit is None or permit.valid.isempty or (permit.valid.upper and permit.valid.upper <= on):
            raise PermitRefused("有効な許可がありません")
        first = permit.valid.lower
        permit.valid = DateRange(first, max(first, on))
        permit.save(using=using, update_fields=["valid"])
    return permit
