"""In which months a decision may still be booked: a month whose statistics are made never looks at the ledger again."""

from datetime import date

from tasuke.core.calendar import month_start, next_month
from tasuke.platform.batch.models import Run, RunState

_REPORT = "make-statistics"  # the job of 統計 that closes a month; its target is the month


def open_months(*, using: str, today: date) -> list[date]:
    """Last month, this one and the next, as far as their statistics are not made; oldest first."""
    this = month_start(today)
    near = [month_start(date.fromordinal(this.toordinal() - 1)), this, next_month(this)]
    made = Run.objects.using(using).of_job(_REPORT).filter(state=RunState.DONE, target__in=[f"{m:%Y-%m}" for m in near])
    closed = set(made.values_list("target", flat=True))
    return [month for month in near if f"{month:%Y-%m}" not in closed]
