"""世帯情報の受領 (RES-3, GW-5): what each person's household is now, and who is under 支援措置.

What goes outside names nobody: per member the 続柄 and since when, and which of them is the person asked about. A
message is read, decided in memory in its order, and written with a handful of statements, however many households.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connections, transaction
from django.db.models import Q

from tasuke.contracts.distribution import HouseholdState
from tasuke.systems.gateway.models import PersonFlag, Provision

_OWN = "支援措置の対象者"
_SAME = "支援措置の対象者と同じ世帯"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('gateway.households', 0))"
# sent_version is not written here: what is on its way out is the sender's to say
_WRITE = """
INSERT INTO gateway_provision
    (atena_no, household_no, as_of, records, deleted, version, error, changed_at, sent_version, retry_at)
SELECT n.*, 0, NULL FROM unnest(%s::text[], %s::text[], %s::date[], %s::jsonb[], %s::boolean[], %s::bigint[],
    %s::text[], %s::timestamptz[]) AS n
ON CONFLICT (atena_no) DO UPDATE SET household_no = excluded.household_no, as_of = excluded.as_of,
    records = excluded.records, deleted = excluded.deleted, error = excluded.error, changed_at = excluded.changed_at,
    retry_at = CASE WHEN gateway_provision.version = excluded.version THEN gateway_provision.retry_at END,
    version = excluded.version
"""


@dataclass(slots=True)
class _Stored:
    """What the tables hold of the persons and households of a message, and what of it has changed."""

    provisions: dict[str, Provision]
    flags: dict[str, PersonFlag]
    at: datetime
    in_household: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    changed: dict[str, Provision] = field(default_factory=dict)
    flags_changed: dict[str, PersonFlag] = field(default_factory=dict)


def put_households(
    *, using: str, households: Sequence[HouseholdState], at: datetime
) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Take households over: (how many, (row, reason) of the others). An older state than the stored one is refused.

    Flags are only ever set here; a person lifts them (`lift_flags`).
    """
    refused: list[tuple[int, str]] = []
    with transaction.atomic(using=using):
        stored = _read(households, using, at)
        for place, household in enumerate(households, start=1):
            before = {no: stored.provisions[no] for no in sorted(stored.in_household[household.household_no])}
            if any(p.as_of > household.as_of for p in before.values()):
                refused.append((place, "保存している世帯より古い内容です"))
                continue
            _put(household, before, stored)
            _flag(household, stored)
        _write(stored, using)
    return len(households) - len(refused), tuple(refused)


def _read(households: Sequence[HouseholdState], using: str, at: datetime) -> _Stored:
    """Rows locked in the order of 宛名番号; two messages at once take their turns."""
    people = sorted({member.atena_no for household in households for member in household.members})
    numbers = sorted({household.household_no for household in households})
    with connections[using].cursor() as cursor:
        cursor.execute(_LOCK)
    provisions = Provision.objects.using(using).select_for_update().order_by("atena_no")
    flags = PersonFlag.objects.using(using).select_for_update().filter(atena_no__in=people).order_by("atena_no")
    stored = _Stored(
        provisions={p.atena_no: p for p in provisions.filter(Q(atena_no__in=people) | Q(household_no__in=numbers))},
        flags={f.atena_no: f for f in flags},
        at=at,
    )
    for row in stored.provisions.values():
        stored.in_household[row.household_no].add(row.atena_no)
    return stored


def _put(household: HouseholdState, before: dict[str, Provision], stored: _Stored) -> None:
    members = {member.atena_no for member in household.members}
    for member in household.members:
        records: list[dict[str, object]] = [
            {
                "self": other.atena_no == member.atena_no,
                "relationship_code": other.relationship_code,
                "since": other.since.isoformat() if other.since else None,
            }
            for other in household.members
        ]
        _store(member.atena_no, household, records, stored)
    for atena_no, row in before.items():
        if atena_no not in members and not row.deleted:
            row.deleted, row.records, row.as_of = True, [], household.as_of
            row.version, row.changed_at = row.version + 1, stored.at
            stored.changed[atena_no] = row


def _store(atena_no: str, household: HouseholdState, records: list[dict[str, object]], stored: _Stored) -> None:
    row = stored.provisions.get(atena_no)
    if row is None:
        row = Provision(
            atena_no=atena_no,
            household_no=household.household_no,
            as_of=household.as_of,
            records=records,
            changed_at=stored.at,
        )
        stored.provisions[atena_no] = stored.changed[atena_no] = row
        stored.in_household[household.household_no].add(atena_no)
        return
    if row.as_of > household.as_of:  # the person has moved on to another household since
        return
    if (row.records, row.deleted, row.household_no) != (records, False, household.household_no):
        stored.in_household[row.household_no].discard(atena_no)
        stored.in_household[household.household_no].add(atena_no)
        row.records, row.deleted, row.household_no = records, False, household.household_no
        row.version, row.changed_at, row.error = row.version + 1, stored.at, ""
        stored.changed[atena_no] = row
    if row.as_of != household.as_of:
        row.as_of = household.as_of
        stored.changed[atena_no] = row


def _flag(household: HouseholdState, stored: _Stored) -> None:
    """支援措置 of one member holds for all of the household: what is told of one tells of the other."""
    told = {member.atena_no: member.protected for member in household.members if member.protected is not None}
    any_protected = any(told.values())
    for member in household.members:
        row = stored.flags.get(member.atena_no)
        if any_protected:
            _set(row, member.atena_no, _OWN if told.get(member.atena_no) else _SAME, stored)
        elif row is not None and row.on and row.told and member.protected is False:
            row.told, row.changed_at = False, stored.at  # stays on until a person has looked
            stored.flags_changed[member.atena_no] = row


def _set(row: PersonFlag | None, atena_no: str, reason: str, stored: _Stored) -> None:
    if row is None:
        row = PersonFlag(atena_no=atena_no, reason=reason, changed_at=stored.at)
        stored.flags[atena_no] = row
    elif not row.on and not row.told:  # lifted, and told of anew
        row.on, row.told, row.reason, row.changed_by, row.retry_at = True, True, reason, "", None
        row.version, row.changed_at = row.version + 1, stored.at
    elif not row.told:
        row.told, row.changed_at = True, stored.at
    else:
        return
    stored.flags_changed[atena_no] = row


def _write(stored: _Stored, using: str) -> None:
    rows = [stored.changed[no] for no in sorted(stored.changed)]
    if rows:
        with connections[using].cursor() as cursor:
            cursor.execute(
                _WRITE,
                [
                    [row.atena_no for row in rows],
                    [row.household_no for row in rows],
                    [row.as_of for row in rows],
                    [json.dumps(row.records) for row in rows],
                    [row.deleted for row in rows],
                    [row.version for row in rows],
                    [row.error for row in rows],
                    [row.changed_at for row in rows],
                ],
            )
    flags = [stored.flags_changed[no] for no in sorted(stored.flags_changed)]
    PersonFlag.objects.using(using).bulk_create(
        flags,
        update_conflicts=True,
        unique_fields=["atena_no"],
        update_fields=["on", "reason", "told", "version", "changed_at", "changed_by", "retry_at"],
        batch_size=5_000,
    )
