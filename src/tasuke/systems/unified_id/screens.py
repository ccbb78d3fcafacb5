"""What the screens show, as plain data. Nothing here opens a 個人番号."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, Q, Sum

from tasuke.contracts.words import business_title
from tasuke.platform.transport.outbox import dead_letters
from tasuke.systems.unified_id.models import (
    BusinessNumber,
    LinkageState,
    Merge,
    MyNumberPermit,
    NumberRow,
    Person,
    PersonState,
    Position,
    RowFault,
    Traffic,
)
from tasuke.systems.unified_id.my_number import MyNumber, index_of
from tasuke.systems.unified_id.queries import permits_in_force

MOST_HITS = 50


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person: links (live first), dates of numbers, merges; showable: businesses whose permit the reader has."""

    person: Person
    links: Sequence[BusinessNumber]
    numbers: Sequence[NumberRow]
    merges: Sequence[Merge]
    showable: Sequence[str]

    @property
    def atena_nos(self) -> list[str]:
        """Every 宛名番号 shown, for the trail."""
        return sorted({link.atena_no for link in self.links})

    @property
    def birth_day(self) -> date | None:
        """The day of birth, where it is known to the day."""
        try:
            return date.fromisoformat(self.person.birth_date)
        except ValueError:
            return None

    @property
    def facts_of(self) -> str:
        """The business whose facts these are."""
        return business_title(self.person.facts_of)


def find_by_number(number: MyNumber, *, using: str) -> list[Person]:
    """The person who has or had this 個人番号, by its keyed index."""
    people = NumberRow.objects.using(using).filter(keyed_index=index_of(number)).values("person_id")
    return list(Person.objects.using(using).filter(pk__in=people).order_by("pk")[:MOST_HITS])


def find_by_atena(atena_no: str, *, using: str) -> list[Person]:
    """Persons behind a 宛名番号 of any business; leading zeros may be left out when typed."""
    given = {atena_no, atena_no.lstrip("0") or "0", atena_no.zfill(15), atena_no.zfill(10)}
    people = BusinessNumber.objects.using(using).filter(atena_no__in=given).values("person_id")
    return list(Person.objects.using(using).filter(pk__in=people).order_by("pk")[:MOST_HITS])


def find_by_unified(unified_no: str, *, using: str) -> list[Person]:
    """The person of a 統合宛名番号."""
    return list(Person.objects.using(using).filter(pk=unified_no))


def links_of_people(people: Sequence[Person], *, using: str) -> dict[str, list[BusinessNumber]]:
    """Live links of each person."""
    found: dict[str, list[BusinessNumber]] = {person.pk: [] for person in people}
    rows = BusinessNumber.objects.using(using).filter(person_id__in=list(found), unlinked_at__isnull=True)
    for link in rows.order_by("business_id", "atena_no"):
        found[link.person_id].append(link)
    return found


def person_page(unified_no: str, *, personal_id: str, on: date, using: str) -> PersonPage:
    """Raises Person.DoesNotExist."""
    person = Person.objects.using(using).get(pk=unified_no)
    links = list(BusinessNumber.objects.using(using).filter(person=person).order_by("-unlinked_at", "business_id"))
    links.sort(key=lambda link: (link.unlinked_at is not None, link.business_id, link.atena_no))
    live = {link.business_id for link in links if link.unlinked_at is None}
    permitted = permits_in_force(using=using, personal_id=personal_id, on=on)
    return PersonPage(
        person=person,
        links=links,
        numbers=list(
            NumberRow.objects.using(using).defer("sealed", "keyed_index").filter(person=person).order_by("since")
        ),
        merges=list(Merge.objects.using(using).filter(Q(source=person) | Q(target=person)).order_by("at")),
        showable=sorted({p.business_id for p in permitted} & live),
    )


def open_faults(*, using: str, after: str, limit: int) -> list[RowFault]:
    """Rows that led to nothing and that nobody has settled, the newest first; a row that is sent again and again shows
    once."""
    open_rows = RowFault.objects.using(using).filter(settled_at__isnull=True)
    later = open_rows.filter(
        system=OuterRef("system"),
        business_id=OuterRef("business_id"),
        atena_no=OuterRef("atena_no"),
        code=OuterRef("code"),
        pk__gt=OuterRef("pk"),
    )
    rows = open_rows.filter(~Exists(later))
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    return list(rows.order_by("-pk")[:limit])


def settle_fault(fault_id: int, *, by: str, using: str, at: datetime) -> RowFault | None:
    """A person has dealt with a fault, and with it those of the same row before; None when it is settled already."""
    rows = RowFault.objects.using(using).filter(settled_at__isnull=True)
    row = rows.select_for_update().filter(pk=fault_id).first()
    if row is not None:
        same = rows.filter(system=row.system, business_id=row.business_id, atena_no=row.atena_no, code=row.code)
        same.filter(pk__lte=row.pk).update(settled_at=at, settled_by=by)
    return row


def any_dead(*, using: str) -> bool:
    """Whether a message waits for a person."""
    return dead_letters(using).exists()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts by state: (label, count); positions of events; traffic of 30 days by system and operation."""

    people: Sequence[tuple[str, int]]
    codes: Sequence[tuple[str, int]]
    businesses: Sequence[tuple[str, int]]
    positions: Sequence[Position]
    traffic: Sequence[Mapping[str, Any]]
    faults: int


def statistics(*, using: str, at: datetime) -> Statistics:
    """Everything counted; nobody shown."""
    people = Person.objects.using(using).order_by()
    states = dict(people.values_list("state").annotate(n=Count("pk")))
    codes = dict(people.filter(state=PersonState.IN_USE).values_list("linkage_state").annotate(n=Count("pk")))
    links = BusinessNumber.objects.using(using).filter(unlinked_at__isnull=True).order_by("business_id")
    traffic = Traffic.objects.using(using).filter(at__gte=at - timedelta(days=30)).order_by("system", "operation")
    return Statistics(
        people=[(state.label, states.get(state, 0)) for state in PersonState],
        codes=[(state.label, codes.get(state, 0)) for state in LinkageState],
        businesses=list(links.values_list("business_id").annotate(n=Count("pk"))),
        positions=list(Position.objects.using(using).order_by("provider")),
        traffic=cast(
            "list[Mapping[str, Any]]",
            list(
                traffic.values("system", "operation").annotate(
                    calls=Count("pk"), all=Sum("rows"), good=Sum("done"), bad=Sum("faults")
                )
            ),
        ),
        faults=RowFault.objects.using(using).filter(settled_at__isnull=True).count(),
    )


def waiting_permits(*, using: str, on: date) -> list[MyNumberPermit]:
    """Permits that wait for the second person, the oldest first."""
    rows = MyNumberPermit.objects.using(using).filter(approved_at__isnull=True, valid__endswith__gt=on)
    return list(rows.order_by("pk")[:MOST_HITS])


def permits(*, using: str, on: date, after: str, limit: int) -> list[MyNumberPermit]:
    """Permits that were approved, withdrawn or ran out before, the newest first."""
    over = Q(approved_at__isnull=False) | Q(valid__isempty=True) | Q(valid__endswith__lte=on)
    rows = MyNumberPermit.objects.using(using).filter(over)
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    return list(rows.order_by("-pk")[:limit])
