"""Periods of days, end-exclusive everywhere inside; only screens, paper and feeds show the inclusive last day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from tasuke.core.wareki import to_wareki


class EmptyPeriod(ValueError):
    """A period must hold at least one day."""

    def __init__(self, start: date, end: date) -> None:
        super().__init__(f"期間の終わりが始まりより前です: {start.isoformat()} - {end.isoformat()}")
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to but not including `end`; end None = open. Raises EmptyPeriod when no day is left."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise EmptyPeriod(self.start, self.end)

    @property
    def last_day(self) -> date | None:
        """The last day inside; None when open."""
        return None if self.end is None else self.end - timedelta(days=1)

    def contains(self, day: date) -> bool:
        """Whether the day lies inside."""
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: "Period") -> bool:
        """Whether at least one day lies in both."""
        return self.intersect(other) is not None

    def intersect(self, other: "Period") -> "Period | None":
        """The days in both; None when there are none."""
        start = max(self.start, other.start)
        end = _earlier(self.end, other.end)
        return None if end is not None and end <= start else Period(start, end)

    def subtract(self, other: "Period") -> list["Period"]:
        """The days of this period that the other does not hold: no, one or two periods, in order."""
        if not self.overlaps(other):
            return [self]
        left = []
        if self.start < other.start:
            left.append(Period(self.start, other.start))
        if other.end is not None and (self.end is None or other.end < self.end):
            left.append(Period(other.end, self.end))
        return left

    def to_text(self) -> str:
        """For screens and paper, with the inclusive last day: 令和8年4月1日から令和9年3月31日まで."""
        last = self.last_day
        return f"{to_wareki(self.start)}から" + (f"{to_wareki(last)}まで" if last else "")

    def __str__(self) -> str:
        return self.to_text()


def from_inclusive(first: date, last: date | None) -> Period:
    """A period given by its first and last day, both inside. Raises EmptyPeriod when last lies before first."""
    return Period(first, None if last is None or last == date.max else last + timedelta(days=1))


def merge(periods: Iterable[Period]) -> list[Period]:
    """The same days in as few periods as possible, in order; periods that touch are joined."""
    merged: list[Period] = []
    for period in sorted(periods, key=lambda p: p.start):
        if merged and (merged[-1].end is None or period.start <= merged[-1].end):
            merged[-1] = Period(merged[-1].start, _later(merged[-1].end, period.end))
        else:
            merged.append(period)
    return merged


def _earlier(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)
