"""Ask for a role for somebody."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.platform.access.models import Grant
from tasuke.platform.access.roles import roles
from tasuke.platform.accounts.models import User

USING = "accounts"
LONGEST_DAYS = 366 * 2  # nobody keeps a grant longer than a transfer cycle without being asked about it again


class GrantRequestRefused(ValueError):
    """Why this cannot be asked for, in Japanese."""


def request_grant(
    *, personal_id: str, role: str, offices: Iterable[str] | None, schemes: Iterable[str] | None,
    start: date, end: date, reason: str, by: str, at: datetime,
) -> Grant:  # fmt: skip
    """Ask. offices, schemes: None = all; end: first day without it. Raises GrantRequestRefused.

    It opens nothing until another person has approved it.
    """
    if role not in roles():
        raise GrantRequestRefused("その役割はありません")
    if not start < end:
        raise GrantRequestRefused("終わりの日は始まりの日より後にしてください")
    if (end - start).days > LONGEST_DAYS:
        raise GrantRequestRefused("期間は2年までです")
    user = User.objects.using(USING).filter(personal_id=personal_id).first()
    if user is None or not user.works_on(max(start, at.date())):
        raise GrantRequestRefused("その日に在職している職員ではありません")
    return Grant.objects.using(USING).create(
        user=user,
        role=role,
        offices=None if offices is None else sorted(set(offices)),
        schemes=None if schemes is None else sorted(set(schemes)),
        valid=DateRange(start, end),
        reason=reason,
        requested_at=at,
        requested_by=by,
    )
