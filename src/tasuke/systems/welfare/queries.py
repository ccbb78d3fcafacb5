"""What is known of persons here, as it holds now and as it was; and how far the subscribers are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connections
from django.db.models import Q

from tasuke.systems.welfare.intake import BUSINESS_NONRESIDENT
from tasuke.systems.welfare.models import (
    Account,
    ContactNote,
    DeliveryRecord,
    IssuedNumber,
    MailingAddress,
    Merge,
    NumberNotice,
    PersonState,
    Protection,
    Subscriber,
    TaxFigure,
)

# the state that holds: the latest day, of that day the last word
ORDER = ("-valid_from", "-place", "-id")
_RECENT = 50


@dataclass(frozen=True, slots=True)
class Person:
    """Everything of one 宛名番号. states: the one that holds first; protected: 支援措置 is open."""

    atena_no: str
    states: Sequence[PersonState]
    issued: IssuedNumber | None
    protection: Protection | None
    accounts: Sequence[Account]
    mailings: Sequence[MailingAddress]
    notes: Sequence[ContactNote]
    merges: Sequence[Merge]

    @property
    def now(self) -> PersonState:
        """The state that holds."""
        return self.states[0]

    @property
    def merged_into(self) -> str:
        """The number to which this one is merged, or ""."""
        return next((m.into_atena_no for m in self.merges if m.undone_at is None and m.atena_no == self.atena_no), "")


def current_states(*, using: str, atena_nos: Iterable[str]) -> dict[str, PersonState]:
    """The state that holds of each of these persons; unknown numbers are left out."""
    wanted = sorted(set(atena_nos))
    rows = (
        PersonState.objects.using(using).filter(atena_no__in=wanted).order_by("atena_no", *ORDER).distinct("atena_no")
    )
    return {row.atena_no: row for row in rows}


def current_state(*, using: str, atena_no: str) -> PersonState | None:
    """The state that holds, or None for somebody unknown."""
    return PersonState.objects.using(using).filter(atena_no=atena_no).order_by(*ORDER).first()


def person(*, using: str, atena_no: str) -> Person | None:
    """One person with history, or None."""
    states = list(PersonState.objects.using(using).filter(atena_no=atena_no).order_by(*ORDER)[:_RECENT])
    if not states:
        return None
    return Person(
        atena_no=atena_no,
        states=states,
        issued=IssuedNumber.objects.using(using).filter(atena_no=atena_no).first(),
        protection=Protection.objects.using(using).filter(atena_no=atena_no, ended_at__isnull=True).first(),
        accounts=list(_current(Account, using, atena_no)),
        mailings=list(_current(MailingAddress, using, atena_no)),
        notes=list(ContactNote.objects.using(using).filter(atena_no=atena_no).order_by("-id")[:_RECENT]),
        merges=list(
            Merge.objects.using(using)
            .filter(Q(atena_no=atena_no) | Q(into_atena_no=atena_no))
            .order_by("-id")[:_RECENT]
        ),
    )


def _current(model: Any, using: str, atena_no: str) -> Any:
    return model.objects.using(using).filter(atena_no=atena_no, recorded_to__isnull=True).order_by("-valid")[:_RECENT]


def tax_figures(*, using: str, atena_no: str) -> Sequence[TaxFigure]:
    """Tax figures of all years, with what corrections replaced; the newest year first, of a year what holds first."""
    return list(TaxFigure.objects.using(using).filter(atena_no=atena_no).order_by("-tax_year", "-id")[:_RECENT])


def protected_of(*, using: str, atena_nos: Iterable[str]) -> frozenset[str]:
    """Those of these persons whose 支援措置 is open."""
    rows = Protection.objects.using(using).filter(atena_no__in=set(atena_nos), ended_at__isnull=True)
    return frozenset(rows.values_list("atena_no", flat=True))


def issued_of(*, using: str, atena_nos: Iterable[str]) -> dict[str, IssuedNumber]:
    """Numbers that are kept here, of these."""
    return {row.atena_no: row for row in IssuedNumber.objects.using(using).filter(atena_no__in=set(atena_nos))}


def subscribers(*, using: str) -> Sequence[Subscriber]:
    """Everybody who takes changes, or wants to."""
    return list(Subscriber.objects.using(using).order_by("system"))


def subscriber_in_force(*, using: str, system: str) -> Subscriber | None:
    """The subscriber that may take changes now."""
    return Subscriber.objects.using(using).filter(system=system, state=Subscriber.State.APPROVED).first()


def delivery_records(*, using: str, before: int | None, limit: int) -> Sequence[DeliveryRecord]:
    """Records of deliveries, newest first, older than an id."""
    rows = DeliveryRecord.objects.using(using).select_related("subscriber").order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def number_notices(*, using: str, state: str, after: int | None = None, limit: int) -> Sequence[NumberNotice]:
    """Business numbers that wait or are dead, the oldest first, after an id."""
    rows = NumberNotice.objects.using(using).filter(state=state).order_by("id")
    return list((rows.filter(pk__gt=after) if after else rows)[:limit])


def number_notice(*, using: str, atena_no: str) -> NumberNotice | None:
    """How far the number of a 住登外者 is with 団体内統合宛名, without its seal; None before it is told for the first
    time."""
    rows = NumberNotice.objects.using(using).defer("my_number_sealed")
    return rows.filter(business_id=BUSINESS_NONRESIDENT, atena_no=atena_no).first()


def may_have_moved_in(*, using: str, on: date, limit: int) -> Sequence[tuple[IssuedNumber, PersonState]]:
    """住登外者 with a resident of the same name, birth and sex: a person decides whether they are one.

    on: only residents' states from this day on.
    """
    query = """
    SELECT DISTINCT ON (i.id) i.id, r.id FROM welfare_issued_number i
    JOIN LATERAL (SELECT * FROM welfare_person_state s WHERE s.atena_no = i.atena_no
      ORDER BY s.valid_from DESC, s.place DESC, s.id DESC LIMIT 1) n ON TRUE
    JOIN welfare_person_state r ON r.name_key = n.name_key AND r.birth_date = n.birth_date AND r.sex = n.sex
      AND r.source = 'resident' AND r.valid_from >= %s AND r.items->>'resident_status' = '1'
      AND r.atena_no <> i.atena_no
    WHERE i.kind = 'person' AND i.ended_on IS NULL ORDER BY i.id, r.valid_from DESC, r.id DESC LIMIT %s
    """
    with connections[using].cursor() as cursor:
        cursor.execute(query, [on, limit])
        pairs = cursor.fetchall()
    numbers = IssuedNumber.objects.using(using).in_bulk([pair[0] for pair in pairs])
    states = PersonState.objects.using(using).in_bulk([pair[1] for pair in pairs])
    return [(numbers[number], states[state]) for number, state in pairs]
