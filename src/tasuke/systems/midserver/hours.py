"""Is the service open, and when does it open again: weekly hours and planned stops."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tasuke.contracts.interface import MidServiceState
from tasuke.systems.midserver.models import Hours, Notice
from tasuke.systems.midserver.tenancy import USING

_ZONE = ZoneInfo("Asia/Tokyo")
_LOOK_AHEAD_DAYS = 15  # longer than any closed season around New Year


@dataclass(frozen=True, slots=True)
class _Calendar:
    week: dict[int, tuple[time, time]]
    stops: list[tuple[datetime, datetime | None]]

    def open_at(self, at: datetime) -> bool:
        if any(start <= at and (end is None or at < end) for start, end in self.stops):
            return False
        local = at.astimezone(_ZONE)
        if not self.week:
            return True
        hours = self.week.get(local.weekday())
        return hours is not None and hours[0] <= local.time() < hours[1]

    def openings(self, day: date) -> list[datetime]:
        """Moments of a day at which a closed service may open."""
        found = [end for _, end in self.stops if end is not None and end.astimezone(_ZONE).date() == day]
        hours = self.week.get(day.weekday())
        if hours:
            found.append(datetime.combine(day, hours[0], _ZONE))
        return found


def service_state(*, at: datetime, using: str = USING) -> MidServiceState:
    """稼動状態 at a moment: open or not, when it opens again (within two weeks), and the notices of that moment."""
    notices = list(
        Notice.objects.using(using).filter(withdrawn_at__isnull=True, during__endswith__gt=at).order_by("id")
    )
    calendar = _Calendar(
        week={row.weekday: (row.opens, row.closes) for row in Hours.objects.using(using).all()},
        stops=[(n.during.lower, n.during.upper) for n in notices if n.stop],
    )
    note = " / ".join(n.text for n in notices if n.during.lower <= at)
    if calendar.open_at(at):
        return MidServiceState(open=True, note=note)
    today = at.astimezone(_ZONE).date()
    days = [today + timedelta(days=n) for n in range(_LOOK_AHEAD_DAYS)]
    moments = sorted(m for day in days for m in calendar.openings(day) if m > at and calendar.open_at(m))
    return MidServiceState(open=False, opens_at=moments[0] if moments else None, note=note or "稼動時間外です")
