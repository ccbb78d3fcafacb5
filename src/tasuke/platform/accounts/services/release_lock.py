"""Let a locked-out person try again."""

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum

USING = "accounts"


def release_lock(*, personal_id: str) -> bool:
    """Forget the failed attempts of this id; False when there were none. The log of failures stays."""
    return bool(AxesProxyHandler.reset_attempts(username=personal_id))


def failures(*, personal_id: str) -> int:
    """Failed attempts since the last success or release."""
    attempts = AccessAttempt.objects.using(USING).filter(username=personal_id)
    return int(attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0)


def locked_ids() -> set[str]:
    """Everybody whose next attempt is refused."""
    counted = AccessAttempt.objects.using(USING).values("username").annotate(n=Sum("failures_since_start"))
    locked = counted.filter(n__gte=int(settings.AXES_FAILURE_LIMIT))
    return {str(username) for username in locked.values_list("username", flat=True)}


def is_locked(*, personal_id: str) -> bool:
    """Whether the next attempt of this id is refused (unless the time of the lock is over)."""
    return failures(personal_id=personal_id) >= int(settings.AXES_FAILURE_LIMIT)
