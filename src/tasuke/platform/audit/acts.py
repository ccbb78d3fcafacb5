"""What somebody of the office did, one act a line: a list of fifty people that was opened once is one act, not fifty.

The trail keeps a row for each person; rows of one act share transaction, moment, screen, kind and facts.
offices: the offices of those who acted that the auditor may inspect; None for all.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connections

from tasuke.core.period import Period
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.audit.queries import Offices, bounds

SHOWN = 20  # persons that a line names; the others stand on the page of the act
_SAME = ("xid", "at", "personal_id", "office", "terminal", "session", "action", "screen", "purpose", "kind", "detail")
_ACTS = f"""
WITH act AS (
  SELECT max(id) AS id, count(*) AS rows, count(DISTINCT nullif(atena_no, '')) AS persons,
         (array_agg(DISTINCT atena_no) FILTER (WHERE atena_no <> ''))[1:{SHOWN}] AS shown, {", ".join(_SAME)}
  FROM audit_event WHERE personal_id = %(who)s AND at >= %(begin)s AND (%(end)s::timestamptz IS NULL OR at < %(end)s)
    AND (%(offices)s::text[] IS NULL OR office = ANY(%(offices)s))
  GROUP BY {", ".join(_SAME)}
)
SELECT id, rows, persons, shown, {", ".join(_SAME)} FROM act
WHERE %(after)s::bigint IS NULL OR id < %(after)s ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608
_SUMS = f"""
SELECT count(DISTINCT ({", ".join(_SAME)})), count(*), count(*) FILTER (WHERE atena_no <> ''),
       count(DISTINCT nullif(atena_no, ''))
FROM audit_event WHERE personal_id = %(who)s AND at >= %(begin)s AND (%(end)s::timestamptz IS NULL OR at < %(end)s)
  AND (%(offices)s::text[] IS NULL OR office = ANY(%(offices)s))
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Act:
    """One act. event: its last row, without a person; rows: of the trail; persons: how many different residents;
    atena_nos: the first of them."""

    event: AuditEvent
    rows: int
    persons: int
    atena_nos: tuple[str, ...]

    @property
    def rest(self) -> int:
        """Residents that are not named in the line."""
        return self.persons - len(self.atena_nos)


@dataclass(frozen=True, slots=True)
class Sums:
    """A period of one person: acts, rows of the trail, residents each time they were seen, different residents."""

    acts: int
    rows: int
    seen: int
    persons: int


def acts_of(
    *, using: str, personal_id: str, period: Period, offices: Offices, after: int | None, limit: int
) -> list[Act]:
    """What this person of the office did, newest first. One statement."""
    asked = {**_asked(personal_id, period, offices), "after": after, "limit": limit}
    with connections[using].cursor() as cursor:
        cursor.execute(_ACTS, asked)
        return [
            Act(AuditEvent(id=row[0], atena_no="", **dict(zip(_SAME, row[4:], strict=True))), row[1], row[2],
                tuple(row[3] or ()))
            for row in cursor.fetchall()
        ]  # fmt: skip


def sums_of(*, using: str, personal_id: str, period: Period, offices: Offices) -> Sums:
    """How much that was in the whole period. One statement."""
    with connections[using].cursor() as cursor:
        cursor.execute(_SUMS, _asked(personal_id, period, offices))
        return Sums(*cursor.fetchone())


def events_of_act(*, using: str, event_id: int, offices: Offices, after: int | None, limit: int) -> list[AuditEvent]:
    """Each row of the act to which a row belongs, newest first; empty when there is no such row for this auditor."""
    found = AuditEvent.objects.using(using)
    if offices is not None:
        found = found.filter(office__in=sorted(offices))
    one = found.filter(pk=event_id).first()
    if one is None:
        return []
    same = found.filter(**{name: getattr(one, name) for name in _SAME})
    return list((same.filter(pk__lt=after) if after is not None else same).newest_first()[:limit])


def _asked(personal_id: str, period: Period, offices: Offices) -> dict[str, Any]:
    begin, end = bounds(period)
    return {
        "who": personal_id,
        "begin": begin,
        "end": end,
        "offices": None if offices is None else sorted(offices),
    }
