"""How the stand-in is run (data/service.toml): opening hours, how long things last. Pure; the moment is an argument."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
_DAY = timedelta(days=1)
_LOOK_AHEAD_DAYS = 400


class CalendarUnusable(ValueError):
    """The file says something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Window:
    """Open hours of some weekdays (0 = Monday), as times since midnight in Japan, end-exclusive."""

    weekdays: frozenset[int]
    start: timedelta
    end: timedelta


@dataclass(frozen=True, slots=True)
class Closure:
    """A period in which the service is closed, end-exclusive."""

    start: datetime
    end: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Service:
    """Opening hours and durations."""

    windows: tuple[Window, ...]
    closures: tuple[Closure, ...]
    permit: timedelta
    envelope: timedelta
    key: timedelta
    received: timedelta
    refusal_years: int
    record_years: int
    source: str
    unconfirmed: bool

    def is_open(self, at: datetime) -> bool:
        """Whether the service is open at a moment."""
        local = at.astimezone(TOKYO)
        since_midnight = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
        in_hours = any(w.start <= since_midnight < w.end for w in self.windows if local.weekday() in w.weekdays)
        return in_hours and not any(c.start <= at < c.end for c in self.closures)

    def opens_at(self, at: datetime) -> datetime | None:
        """The next moment at which it is open: `at` itself when it is; None when nothing is planned."""
        if self.is_open(at):
            return at
        local = at.astimezone(TOKYO)
        midnight = datetime.combine(local.date(), time(), TOKYO)
        starts = [
            midnight + _DAY * day + window.start
            for day in range(_LOOK_AHEAD_DAYS)
            for window in self.windows
            if (local.date() + _DAY * day).weekday() in window.weekdays
        ]
        candidates = sorted(moment for moment in (*starts, *(c.end for c in self.closures)) if moment > at)
        return next((moment for moment in candidates if self.is_open(moment)), None)


def years_later(moment: datetime, years: int) -> datetime:
    """The same day and time some years later (29 February gives 1 March)."""
    local = moment.astimezone(TOKYO)
    try:
        return local.replace(year=local.year + years)
    except ValueError:
        return local.replace(year=local.year + years, month=3, day=1)


def read_service(path: Path | None = None) -> Service:
    """Read a calendar; without a path that of the package. Raises CalendarUnusable."""
    text = path.read_text("utf-8") if path else (files("tasuke.systems.nis") / "data/service.toml").read_text("utf-8")
    try:
        table = tomllib.loads(text)
        return Service(
            windows=tuple(
                Window(frozenset(row["weekdays"]), _since_midnight(row["from"]), _since_midnight(row["to"]))
                for row in table["open"]
            ),
            closures=tuple(_closure(row["from"], row["to"], row["note"]) for row in table.get("closed", [])),
            permit=timedelta(days=table["permit_days"]),
            envelope=timedelta(hours=table["envelope_hours"]),
            key=timedelta(days=table["key_days"]),
            received=timedelta(days=table["received_days"]),
            refusal_years=table["refusal_years"],
            record_years=table["record_years"],
            source=table["source"],
            unconfirmed=table["unconfirmed"],
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CalendarUnusable(f"運用の定義を読めません: {error}") from error


def _since_midnight(text: str) -> timedelta:
    hours, minutes = text.split(":")
    found = timedelta(hours=int(hours), minutes=int(minutes))
    if not timedelta(0) <= found <= _DAY:
        raise CalendarUnusable(f"時刻は 00:00 から 24:00 までです: {text}")
    return found


def _closure(start: datetime, end: datetime, note: str) -> Closure:
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise CalendarUnusable("閉じる期間には時差(+09:00)をつけ、始まりを終わりより前にしてください")
    return Closure(start, end, note)
