"""世帯情報の受領 (RES-3, GW-5): what each person's household is now, and who is under 支援措置.

What goes outside names nobody: per member the 続柄 and since when, and which of them is the person asked about.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tasuke.contracts.distribution import HouseholdState
from tasuke.systems.gateway.models import PersonFlag, Provision

_OWN = "支援措置の対象者"
_SAME = "支援措置の対象者と同じ世帯"


def put_households(
    *, using: str, households: Sequence[HouseholdState], at: datetime
) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Take households over: (how many, (row, reason) of the others). An older state than the stored one is refused.

    Flags are only ever set here; a person lifts them (`lift_flags`).
    """
    refused: list[tuple[int, str]] = []
    with transaction.atomic(using=using):
        for place, household in enumerate(households, start=1):
            before = {
                p.atena_no: p
                for p in Provision.objects.using(using)
                .select_for_update()
                .filter(household_no=household.household_no)
                .order_by("atena_no")
            }
            if any(p.as_of > household.as_of for p in before.values()):
                refused.append((place, "保存している世帯より古い内容です"))
                continue
            _put(household, before, using, at)
            _flag(household, using, at)
    return len(households) - len(refused), tuple(refused)


def _put(household: HouseholdState, before: dict[str, Provision], using: str, at: datetime) -> None:
    members = {member.atena_no for member in household.members}
    elsewhere = Provision.objects.using(using).select_for_update().filter(atena_no__in=members - set(before))
    known = before | {p.atena_no: p for p in elsewhere.order_by("atena_no")}
    for member in household.members:
        records: list[dict[str, object]] = [
            {
                "self": other.atena_no == member.atena_no,
                "relationship_code": other.relationship_code,
                "since": other.since.isoformat() if other.since else None,
            }
            for other in household.members
        ]
        _store(known.get(member.atena_no), member.atena_no, household, records, using, at)
    for atena_no, row in before.items():
        if atena_no not in members and not row.deleted:
            row.deleted, row.records, row.as_of = True, [], household.as_of
            row.version, row.changed_at = row.version + 1, at
            row.save(using=using)


def _store(
    row: Provision | None,
    atena_no: str,
    household: HouseholdState,
    records: list[dict[str, object]],
    using: str,
    at: datetime,
) -> None:
    if row is None:
        Provision.objects.using(using).create(
            atena_no=atena_no,
            household_no=household.household_no,
            as_of=household.as_of,
            records=records,
            changed_at=at,
        )
        return
    if row.as_of > household.as_of:  # the person has moved on to another household since
        return
    if (row.records, row.deleted, row.household_no) != (records, False, household.household_no):
        row.records, row.deleted, row.household_no = records, False, household.household_no
        row.version, row.changed_at, row.error = row.version + 1, at, ""
    row.as_of = household.as_of
    row.save(using=using)


def _flag(household: HouseholdState, using: str, at: datetime) -> None:
    """支援措置 of one member holds for all of the household: what is told of one tells of the other."""
    told = {member.atena_no: member.protected for member in household.members if member.protected is not None}
    any_protected = any(told.values())
    rows = {
        f.atena_no: f
        for f in PersonFlag.objects.using(using)
        .select_for_update()
        .filter(atena_no__in=[m.atena_no for m in household.members])
        .order_by("atena_no")
    }
    for member in household.members:
        row = rows.get(member.atena_no)
        if any_protected:
            _set(row, member.atena_no, _OWN if told.get(member.atena_no) else _SAME, using, at)
        elif row is not None and row.on and row.told and member.protected is False:
            row.told, row.changed_at = False, at  # stays on until a person has looked
            row.save(using=using, update_fields=["told", "changed_at"])


def _set(row: PersonFlag | None, atena_no: str, reason: str, using: str, at: datetime) -> None:
    if row is None:
        PersonFlag.objects.using(using).create(atena_no=atena_no, reason=reason, changed_at=at)
    elif not row.on and not row.told:  # lifted, and told of anew
        row.on, row.told, row.reason, row.changed_by = True, True, reason, ""
        row.version, row.changed_at = row.version + 1, at
        row.save(using=using)
    elif not row.told:
        row.told, row.changed_at = True, at
        row.save(using=using, update_fields=["told", "changed_at"])
