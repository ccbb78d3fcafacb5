"""Is the service open, and when does it open again: weekly hours and planned stops."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections

from tasuke.contracts.interface import MidServiceState
from tasuke.systems.midserver.tenancy import USING

_ZONE = ZoneInfo("Asia/Tokyo")
# every call asks this first: one statement for whether the service is open and whether the body may come in
_STANDING = """
SELECT EXISTS (SELECT FROM midserver_tenant WHERE body = %s AND left_at IS NULL),
    COALESCE((SELECT max(version) FROM midserver_master_version), 0),
    (SELECT json_agg(json_build_array(weekday, opens, closes)) FROM midserver_hours),
    (SELECT json_agg(json_build_array(lower(during), upper(during), stop, text) ORDER BY id) FROM midserver_notice
     WHERE withdrawn_at IS NULL AND (upper_inf(during) OR upper(during) > %s))
"""
_LOOK_AHEAD_DAYS = 15  # longer than any closed season around New Year


@dataclass(frozen=True, slots=True)
class Standing:
    """state: of the service. takes_part: whether the body asked about is served here."""

    state: MidServiceState
    takes_part: bool


@dataclass(frozen=True, slots=True)
class _Notice:
    start: datetime | None
    end: datetime | None
    stop: bool
    text: str

    def begun(self, at: datetime) -> bool:
        return self.start is None or self.start <= at


@dataclass(frozen=True, slots=True)
class _Calendar:
    week: dict[int, tuple[time, time]]
    stops: list[_Notice]

    def open_at(self, at: datetime) -> bool:
        if any(stop.begun(at) and (stop.end is None or at < stop.end) for stop in self.stops):
            return False
        local = at.astimezone(_ZONE)
        if not self.week:
            return True
        hours = self.week.get(local.weekday())
        return hours is not None and hours[0] <= local.time() < hours[1]

    def openings(self, day: date) -> list[datetime]:
        """Moments of a day at which a closed service may open."""
        ends = [stop.end for stop in self.stops if stop.end is not None]
        found = [end for end in ends if end.astimezone(_ZONE).date() == day]
        hours = self.week.get(day.weekday())
        if hours:
            found.append(datetime.combine(day, hours[0], _ZONE))
        return found


def service_state(*, at: datetime, using: str = USING) -> MidServiceState:
    """稼動状態 at a moment: open or not, when it opens again (within two weeks), and the notices of that moment."""
    return standing(body="", at=at, using=using).state


def standing(*, body: str, at: datetime, using: str = USING) -> Standing:
    """The state of the service at a moment, and whether this body takes part."""
    with connections[using].cursor() as cursor:
        cursor.execute(_STANDING, [body, at])
        takes_part, version, week, told = cursor.fetchone()
    notices = [_Notice(_moment(start), _moment(end), stop, text) for start, end, stop, text in _listed(told)]
    calendar = _Calendar(
        week={day: (time.fromisoformat(opens), time.fromisoformat(closes)) for day, opens, closes in _listed(week)},
        stops=[notice for notice in notices if notice.stop],
    )
    return Standing(_state(calendar, notices, at, version), takes_part)


def _state(calendar: _Calendar, notices: list[_Notice], at: datetime, version: int) -> MidServiceState:
    note = " / ".join(notice.text for notice in notices if notice.begun(at))
    if calendar.open_at(at):
        return MidServiceState(open=True, note=note, master_version=version)
    today = at.astimezone(_ZONE).date()
    days = [today + timedelta(days=n) for n in range(_LOOK_AHEAD_DAYS)]
    moments = sorted(m for day in days for m in calendar.openings(day) if m > at and calendar.open_at(m))
    return MidServiceState(
        open=False, opens_at=moments[0] if moments else None, note=note or "稼動時間外です", master_version=version
    )


def _listed(value: Any) -> list[Any]:
    """Rows of json_agg, which Django gives as text or as values, and NULL for none."""
    rows = json.loads(value) if isinstance(value, str) else value
    return rows or []


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
