"""What an auditor asks the trail. Every question is bounded by a period or a key, and every list by its length.

offices: the offices of those who acted that the auditor may inspect; None for all.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connections

from tasuke.core.calendar import is_bank_business_day
from tasuke.core.period import Period
from tasuke.platform.audit.chain import Snapshot
from tasuke.platform.audit.events import PERSON_KINDS, EventKind
from tasuke.platform.audit.models import AuditBlock, AuditEvent
from tasuke.platform.audit.trail import unsealed
from tasuke.platform.bulk import copy_out

TOKYO = ZoneInfo("Asia/Tokyo")
Offices = frozenset[str] | None
MOST_EXPORTED = 500_000  # rows of one file: more belongs to `COPY` by the administrator, not into a spreadsheet

_LOCAL = "(at AT TIME ZONE 'Asia/Tokyo')"
_PERSONS = "count(DISTINCT atena_no) FILTER (WHERE atena_no <> '')"
_SEARCHES = "count(DISTINCT (at, screen)) FILTER (WHERE kind = 'searched')"
_PERSONAL = sorted(PERSON_KINDS)
_FAILED = [
    EventKind.SIGN_IN_FAILED,
    EventKind.LOCKED_OUT,
    EventKind.REFUSED,
    EventKind.NOT_FOUND,
    EventKind.KEY_COPIED,
    EventKind.KEY_REFUSED,
]


@dataclass(frozen=True, slots=True)
class WhoLooked:
    """One person of the office beside one resident: how often, when first and last, what was done."""

    personal_id: str
    events: int
    first: datetime
    last: datetime
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayOfPerson:
    """What somebody did on one day. persons: different residents."""

    personal_id: str
    day: date
    events: int
    persons: int
    searches: int
    first: datetime
    last: datetime

    @property
    def key(self) -> str:
        """Place in a list by day and person, newest first."""
        return f"{self.day}|{self.personal_id}"


@dataclass(frozen=True, slots=True)
class TrailState:
    """How far a trail is sealed. oldest: the time of the oldest row that waits."""

    system: str
    block: int
    sealed_at: datetime | None
    pending: int
    oldest: datetime | None


def who_looked(*, using: str, atena_no: str, period: Period, offices: Offices, limit: int) -> list[WhoLooked]:
    """Everybody who saw or changed this resident's data in the period, the most frequent first."""
    where, parameters = _where(period, offices)
    rows = _rows(
        using,
        "SELECT personal_id, count(*), min(at), max(at), array_agg(DISTINCT kind ORDER BY kind) FROM audit_event"  # noqa: S608
        f" WHERE atena_no = %s AND {where} GROUP BY personal_id ORDER BY count(*) DESC, personal_id LIMIT %s",
        [atena_no, *parameters, limit],
    )
    return [WhoLooked(person, count, first, last, tuple(kinds)) for person, count, first, last, kinds in rows]


def events_of_resident(
    *, using: str, atena_no: str, period: Period, offices: Offices, after: int | None, limit: int
) -> list[AuditEvent]:
    """Each event beside this resident, newest first."""
    found = AuditEvent.objects.using(using).of_person(atena_no)
    return _events(found, period, offices, after, limit)


def failures(*, using: str, period: Period, offices: Offices, after: int | None, limit: int) -> list[AuditEvent]:
    """Failed sign-ins, lock-outs, refusals and what speaks of a copied security key, newest first."""
    found = AuditEvent.objects.using(using).filter(atena_no="", kind__in=_FAILED)
    return _events(found, period, offices, after, limit)


def off_hours(
    *, using: str, period: Period, opens: time, closes: time, offices: Offices, after: str, limit: int
) -> list[DayOfPerson]:
    """Who worked outside the office's hours or on days on which it is closed; per person and day, newest first."""
    where, parameters = _where(period, offices)
    day, _, person = after.partition("|")
    beyond, more = (f" AND ({_LOCAL}::date, personal_id) < (%s::date, %s)", [day, person]) if person else ("", [])
    return _days(
        using,
        f"{where} AND ({_LOCAL}::time < %s OR {_LOCAL}::time >= %s OR {_LOCAL}::date = ANY(%s)){beyond}",
        [*parameters, opens, closes, closed_days(period), *more],
        having="TRUE",
        order="2 DESC, 1 DESC",
        limit=limit,
    )


def mass_use(*, using: str, period: Period, least: int, offices: Offices, limit: int) -> list[DayOfPerson]:
    """Who saw at least so many different residents on one day, or searched so many times; most residents first.

    Somebody who guesses at numbers and names searches very often and finds nearly nobody.
    """
    where, parameters = _where(period, offices)
    return _days(
        using, where, parameters,
        having=f"{_PERSONS} >= {int(least)} OR {_SEARCHES} >= {int(least)}", order="4 DESC, 5 DESC, 2 DESC, 1",
        limit=limit,
    )  # fmt: skip


def events_frame(*, using: str, period: Period, offices: Offices, personal_id: str = "") -> pl.DataFrame:
    """All events of a period, or those of one person of the office, with Japanese headings, at most MOST_EXPORTED + 1.

    Each person is a row of its own.
    """
    where, parameters = _where(period, offices)
    if personal_id:
        where, parameters = f"{where} AND personal_id = %s", [*parameters, personal_id]
    labels = ("番号", "日時", "個人ID", "所属", "端末", "操作", "画面", "目的", "種類", "宛名番号", "内容")
    query = (
        f"SELECT id, to_char({_LOCAL}, 'YYYY-MM-DD HH24:MI:SS.US'), personal_id, office, terminal, action, screen,"  # noqa: S608
        f" purpose, kind, atena_no, detail FROM audit_event WHERE {where} ORDER BY id LIMIT {MOST_EXPORTED + 1}"
    )
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(labels, pl.String)
    return copy_out(connections[using], query, parameters, schema={**schema, "番号": pl.Int64})


def trail_state(*, using: str) -> TrailState:
    """How far the trail of this database is sealed."""
    last = AuditBlock.objects.using(using).order_by("-number").values_list("number", "snapshot", "sealed_at").first()
    where, parameters = unsealed(Snapshot.parse(last[1]) if last else None)
    ((pending, oldest),) = _rows(using, f"SELECT count(*), min(at) FROM audit_event WHERE {where}", parameters)  # noqa: S608
    return TrailState(using, last[0] if last else 0, last[2] if last else None, pending, oldest)


def last_office_day(day: date) -> date:
    """The last day before this one on which the office was open."""
    before = day - timedelta(days=1)
    while closed_days(Period(before, before + timedelta(days=1))):
        before -= timedelta(days=1)
    return before


def _events(found: Any, period: Period, offices: Offices, after: int | None, limit: int) -> list[AuditEvent]:
    begin, end = bounds(period)
    found = found.filter(at__gte=begin)
    if end is not None:
        found = found.filter(at__lt=end)
    if offices is not None:
        found = found.filter(office__in=sorted(offices))
    if after is not None:
        found = found.filter(id__lt=after)
    return list(found.newest_first()[:limit])


def _days(
    using: str, where: str, parameters: list[Any], *, having: str, order: str, limit: int
) -> list[DayOfPerson]:  # fmt: skip
    rows = _rows(
        using,
        f"SELECT personal_id, {_LOCAL}::date, count(*), {_PERSONS}, {_SEARCHES}, min(at), max(at) FROM audit_event"  # noqa: S608
        f" WHERE {where} GROUP BY 1, 2 HAVING {having} ORDER BY {order} LIMIT %s",
        [*parameters, limit],
    )
    return [DayOfPerson(*row) for row in rows]


def _where(period: Period, offices: Offices) -> tuple[str, list[Any]]:
    begin, end = bounds(period)
    parts, parameters = ["at >= %s"], [begin]
    if end is not None:
        parts.append("at < %s")
        parameters.append(end)
    if offices is not None:
        parts.append("office = ANY(%s)")
        parameters.append(sorted(offices))  # type: ignore[arg-type]
    return " AND ".join(parts), parameters


def bounds(period: Period) -> tuple[datetime, datetime | None]:
    """First moment, and first moment behind, of days in Tokyo."""
    begin = datetime.combine(period.start, time(), TOKYO)
    return begin, datetime.combine(period.end, time(), TOKYO) if period.end else None


def closed_days(period: Period) -> list[date]:
    """Days on which a city office is closed (地方自治法4条の2): weekends, holidays, 29 December to 3 January."""
    if period.end is None:
        return []
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    return [day for day in days if not is_bank_business_day(day) or (day.month, day.day) in ((12, 29), (12, 30))]


def _rows(using: str, query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
