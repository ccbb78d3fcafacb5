"""移転: give a department what its permit names of the persons it asks for, and keep a record of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction

from tasuke.contracts.sharing import Outcome, SharedPerson
from tasuke.core.problems import Problem
from tasuke.core.shared_items import SharedItem
from tasuke.platform.access import Scope
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.sharing.facts import facts_of, in_range, shielded
from tasuke.systems.subsidy.sharing.models import (
    AgreementState,
    Means,
    PermitState,
    SharedPersonRecord,
    SharingAgreement,
    SharingPermit,
    SharingRecord,
)
from tasuke.systems.subsidy.sharing.rules import items_of, labels

DAYS_AGREED = 7  # an agreement for a person under 支援措置 holds so long; own choice, the 評価書 names none
_PROBLEMS_KEPT = 200


class NotPermitted(ValueError):
    """No permit in force on the day; nothing goes over."""


class ItemsNotPermitted(ValueError):
    """Something is asked for that the permit does not name; nothing goes over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. items: empty for all that are permitted; file_id, problems: of a list that came in."""

    atena_nos: Sequence[str]
    purpose: str
    means: Means
    by: str
    items: Sequence[SharedItem] = ()
    file_id: int | None = None
    problems: Sequence[Problem] = field(default=())


@dataclass(frozen=True, slots=True)
class Shared:
    """What went over, person by person in the order asked, with its record."""

    record: SharingRecord
    items: tuple[SharedItem, ...]
    persons: tuple[SharedPerson, ...]

    def numbers(self, outcome: Outcome) -> list[str]:
        """Persons with this outcome."""
        return [person.atena_no for person in self.persons if person.outcome == outcome]


def share_persons(*, using: str, rule: SharingRule, asked: Asked, scope: Scope, on: date, at: datetime) -> Shared:
    """Move. Who is under 支援措置 is held until a second person agrees. Raises NotPermitted, ItemsNotPermitted."""
    with transaction.atomic(using=using):
        permit = _permit_in_force(using, rule, on)
        items = _items(rule, permit, asked.items)
        numbers = list(dict.fromkeys(asked.atena_nos))
        concerned = in_range(numbers, using=using, scheme=rule.scheme, scope=scope)
        shield = shielded(concerned, using=using, on=on)
        held = set(shield.own) - _agreed(using, permit, shield.own, at)
        facts = facts_of(concerned - held, using=using, scheme=rule.scheme, items=items, shield=shield, on=on)
        persons = tuple(
            SharedPerson(
                atena_no=no,
                outcome="given" if no in facts else "held" if no in held else "out_of_range",
                protected=no in shield.own,
                withheld=shield.withheld(no, items) if no in facts else (),
                facts=facts.get(no),
            )
            for no in numbers
        )
        record = _record(using, rule, permit, asked, items, persons, at)
        _ask_for_agreement(using, permit, held, asked, at)
    return Shared(record, items, persons)


def _permit_in_force(using: str, rule: SharingRule, on: date) -> SharingPermit:
    """Locked until the move is on record: who ends it at the same time waits, or we see that it has ended."""
    found = (
        SharingPermit.objects.using(using)
        .select_for_update()
        .filter(rule=rule.key, scheme=rule.scheme, system=rule.system, state=PermitState.PERMITTED, valid__contains=on)
        .first()
    )
    if found is None or rule.items_confirmed is None:
        raise NotPermitted("利用の許可がないか、許可の期間が過ぎています")
    return found


def _items(rule: SharingRule, permit: SharingPermit, wanted: Sequence[SharedItem]) -> tuple[SharedItem, ...]:
    """In the order of the contract. What the profile no longer allows is no longer given, whatever the permit says."""
    allowed = [item for item in items_of(rule) if item in permit.items]
    beyond = set(wanted) - set(allowed)
    if beyond or not allowed:
        raise ItemsNotPermitted(f"許可された項目ではありません: {'、'.join(labels(beyond))}")
    return tuple(item for item in allowed if not wanted or item in wanted)


def _agreed(using: str, permit: SharingPermit, persons: frozenset[str], at: datetime) -> set[str]:
    agreed = SharingAgreement.objects.using(using).filter(
        permit=permit,
        atena_no__in=persons,
        state=AgreementState.AGREED,
        decided_at__gt=at - timedelta(days=DAYS_AGREED),
    )
    return set(agreed.values_list("atena_no", flat=True)) if persons else set()


def _record(
    using: str,
    rule: SharingRule,
    permit: SharingPermit,
    asked: Asked,
    items: Sequence[SharedItem],
    persons: Sequence[SharedPerson],
    at: datetime,
) -> SharingRecord:
    outcomes = [person.outcome for person in persons]
    record = SharingRecord.objects.using(using).create(
        permit=permit,
        at=at,
        by=asked.by,
        means=asked.means,
        scheme=rule.scheme,
        recipient=permit.recipient,
        legal_basis=permit.legal_basis,
        purpose=asked.purpose,
        items=list(items),
        given=outcomes.count("given"),
        out_of_range=outcomes.count("out_of_range"),
        held=outcomes.count("held"),
        file_id=asked.file_id,
        problems=[{"line": p.line, "field": p.field, "message": p.message} for p in asked.problems[:_PROBLEMS_KEPT]],
    )
    SharedPersonRecord.objects.using(using).bulk_create(
        [
            SharedPersonRecord(record=record, atena_no=p.atena_no, outcome=p.outcome, withheld=list(p.withheld))
            for p in persons
        ],
        batch_size=2_000,
    )
    return record


def _ask_for_agreement(using: str, permit: SharingPermit, held: set[str], asked: Asked, at: datetime) -> None:
    """One that waits already is not asked for again."""
    SharingAgreement.objects.using(using).bulk_create(
        [
            SharingAgreement(permit=permit, atena_no=no, purpose=asked.purpose, requested_by=asked.by, requested_at=at)
            for no in sorted(held)
        ],
        ignore_conflicts=True,
    )
