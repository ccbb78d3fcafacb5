"""Business days of banks in a month, and why the others are none."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import jpholiday

from tasuke.core.calendar import is_bank_business_day, next_bank_business_day

_WEEKEND = {5: "土曜日", 6: "日曜日"}


@dataclass(frozen=True, slots=True)
class BankDay:
    """A day of the month. why: the reason for which banks are closed, "" when they work."""

    day: date
    why: str
    pay_day: bool

    @property
    def open(self) -> bool:
        """Whether banks work."""
        return not self.why


@dataclass(frozen=True, slots=True)
class BankMonth:
    """weeks: from Monday, None outside the month. before, after: first days of the months beside it."""

    first: date
    weeks: Sequence[Sequence[BankDay | None]]
    working: int
    closed: Sequence[BankDay]
    pay_day: date
    before: date
    after: date


def bank_month(*, month: date, payment_day: int) -> BankMonth:
    """The month of a day; payment_day: the profile's, moved on to a business day as in payments."""
    first = month.replace(day=1)
    count = monthrange(first.year, first.month)[1]
    pay_on = next_bank_business_day(first.replace(day=payment_day))
    days = [_day(first + timedelta(days=n), pay_on) for n in range(count)]
    cells: list[BankDay | None] = [*[None] * first.weekday(), *days]
    cells += [None] * (-len(cells) % 7)
    weekdays_off = [d for d in days if d.why and d.why not in _WEEKEND.values()]
    return BankMonth(
        first=first,
        weeks=[cells[i : i + 7] for i in range(0, len(cells), 7)],
        working=sum(d.open for d in days),
        closed=weekdays_off,
        pay_day=pay_on,
        before=(first - timedelta(days=1)).replace(day=1),
        after=first + timedelta(days=count),
    )


def _day(day: date, pay_on: date) -> BankDay:
    if is_bank_business_day(day):
        return BankDay(day, "", day == pay_on)
    why = jpholiday.is_holiday_name(day) or _WEEKEND.get(day.weekday()) or "年末年始(銀行の休業日)"
    return BankDay(day, why, day == pay_on)
