"""Take a file of transfers, retirements and leaves: grants end on the day that it says."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.core.problems import Problem, Severity
from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.personnel_feed import EVENTS, RETIREMENT, TRANSFER, parse
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.services.remove_key import remove_all_keys

USING = "accounts"


@dataclass(slots=True)
class FeedResult:
    """What a file did: people found, grants and security keys that end by it, and rows that could not be taken."""

    people: int = 0
    grants: int = 0
    keys: int = 0
    problems: list[Problem] = field(default_factory=list)


def apply_personnel_feed(*, data: bytes, by: str, at: datetime) -> FeedResult:
    """Apply every good row, in one transaction; the same file again changes nothing.

    A day in the future needs no job: the period of the grant ends on that day, and so does the right. Grants that
    still wait for approval are revoked with the rest, since they were asked for the old desk.
    """
    frame, problems = parse(data)
    result = FeedResult(problems=problems)
    with transaction.atomic(using=USING):
        for row in frame.iter_rows(named=True):
            user = User.objects.using(USING).select_for_update().filter(personal_id=row["personal_id"]).first()
            if user is None:
                result.problems.append(_unknown(row))
                continue
            result.people += 1
            result.grants += _end_grants(user, row, by=by, at=at)
            _move(user, row, today=at.date())
            result.keys += _take_keys(user, row, by=by, at=at)
    result.problems.sort(key=lambda problem: problem.line or 0)
    return result


def _end_grants(user: User, row: dict[str, Any], *, by: str, at: datetime) -> int:
    day: date = row["effective_on"]
    ended = 0
    held = Grant.objects.using(USING).of_person(user.personal_id)
    for grant in held.exclude(state__in=[GrantState.REVOKED, GrantState.REFUSED]):
        begins_later = grant.valid.lower >= day
        if begins_later and row["event_code"] != RETIREMENT:
            continue  # it was asked for the new desk
        if begins_later or grant.state == GrantState.REQUESTED:
            _revoke(grant, row, by=by, at=at)
        elif grant.valid.upper is None or day < grant.valid.upper:
            grant.valid = DateRange(grant.valid.lower, day)
            grant.save(using=USING, update_fields=["valid"])
        else:
            continue
        ended += 1
    return ended


def _revoke(grant: Grant, row: dict[str, Any], *, by: str, at: datetime) -> None:
    """A grant that has not begun by that day, or is not approved yet, never begins."""
    grant.state, grant.revoked_at, grant.revoked_by = GrantState.REVOKED, at, by
    grant.revoke_reason = f"{EVENTS[row['event_code']]} {row['effective_on']}"
    grant.decided_at, grant.decided_by = grant.decided_at or at, grant.decided_by or "personnel-feed"
    grant.save(using=USING)


def _move(user: User, row: dict[str, Any], *, today: date) -> None:
    """The new desk counts from its day on: a file that came early is taken again then."""
    if row["event_code"] == TRANSFER and row["effective_on"] <= today:
        user.office = row["office"] or ""
        user.save(using=USING, update_fields=["office"])
    elif row["event_code"] == RETIREMENT and user.active.lower < row["effective_on"]:
        user.active = DateRange(user.active.lower, row["effective_on"])
        user.save(using=USING, update_fields=["active"])


def _take_keys(user: User, row: dict[str, Any], *, by: str, at: datetime) -> int:
    """Who retires has no security key from that day on, also if the person is taken on again one day."""
    if row["event_code"] != RETIREMENT:
        return 0
    first = datetime.combine(row["effective_on"], time.min, tzinfo=at.tzinfo)
    return remove_all_keys(personal_id=user.personal_id, by=by, at=max(first, at))


def _unknown(row: dict[str, Any]) -> Problem:
    return Problem(
        "personnel.unknown",
        "この職員IDの利用者はいません。",
        line=row["line"],
        field="職員ID",
        value=row["personal_id"],
        severity=Severity.WARNING,
    )
