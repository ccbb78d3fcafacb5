"""Check a one-time code, and use it up."""

from datetime import datetime

from django.db import transaction
from django_otp.oath import TOTP

from tasuke.platform.accounts.models import OneTimeCode
from tasuke.platform.accounts.sealing import unseal
from tasuke.platform.accounts.totp import STEP

USING = "accounts"
_TOLERANCE = 1  # one step to either side: clocks differ, and typing takes time (RFC 6238 §5.2)


def use_code(*, personal_id: str, code: str, at: datetime, confirming: bool = False) -> bool:
    """Whether this is a code of this person for this moment that has not been used. A right one is used up.

    confirming: the first code of an enrolment, which confirms it; only then an unconfirmed secret counts.
    The row is locked, so that of two requests with the same code one is refused.
    """
    typed = code.strip()
    if len(typed) != 6 or not typed.isascii() or not typed.isdigit():
        return False
    with transaction.atomic(using=USING):
        row = (
            OneTimeCode.objects.using(USING)
            .select_for_update()
            .filter(user_id=personal_id, confirmed_at__isnull=confirming)
            .first()
        )
        if row is None:
            return False
        totp = TOTP(unseal(row.sealed_secret, owner=personal_id), step=STEP)
        totp.time = at.timestamp()
        if not totp.verify(int(typed), tolerance=_TOLERANCE, min_t=row.last_step + 1):
            return False
        row.last_step = totp.t()
        row.confirmed_at = at if confirming else row.confirmed_at
        row.save(using=USING, update_fields=["last_step", "confirmed_at"])
    return True
