"""申請書の記載: write what the paper of an application says of its people, in the place of what was typed before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tasuke.core.text import search_key
from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.models import StatedPerson


@dataclass(frozen=True, slots=True)
class Stated:
    """What the paper says of one person. Empty: the paper does not say."""

    atena_no: str
    name: str
    birth_date: date | None
    address: str
    relationship: str


def state_people(
    *, using: str, application_id: int, people: Sequence[Stated], actor: Actor, at: datetime
) -> list[StatedPerson]:
    """Rows that say something new; a person of whom nothing is typed any more has no row. What was before stays."""
    with transaction.atomic(using=using):
        rows = StatedPerson.objects.using(using).select_for_update()
        before = {row.atena_no: row for row in rows.filter(application_id=application_id, replaced_at__isnull=True)}
        told = {one.atena_no: one for one in people if one.name}
        same = {no for no, one in told.items() if no in before and _of(before[no]) == one}
        gone = [row.pk for no, row in before.items() if no not in same]
        StatedPerson.objects.using(using).filter(pk__in=gone).update(replaced_at=at)
        return StatedPerson.objects.using(using).bulk_create(
            StatedPerson(
                application_id=application_id,
                atena_no=one.atena_no,
                name=one.name,
                name_key=search_key(one.name),
                birth_date=one.birth_date,
                address=one.address,
                relationship=one.relationship,
                stated_at=at,
                stated_by=actor.personal_id,
                stated_name=actor.name,
            )
            for no, one in told.items()
            if no not in same
        )


def _of(row: StatedPerson) -> Stated:
    return Stated(row.atena_no, row.name, row.birth_date, row.address, row.relationship)
