"""What the screens of inquiries show, within the limits of who looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from tasuke.core.calendar import fiscal_year
from tasuke.platform.access import Scope
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState, Entitlement
from tasuke.systems.subsidy.inquiries.models import OPEN, Inquiry
from tasuke.systems.subsidy.inquiries.needed import Needed, incomes_needed
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord
from tasuke.systems.subsidy.registry.protection import in_force, protected_among
from tasuke.systems.subsidy.registry.wards import last_ward, seen_by

PAGE = 50


class NotInScope(LookupError):
    """The person does not exist, or belongs to another office."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asked about. household: atena_no and name of everybody of the household on the day; schemes: those in
    which the household has a case (an open application or an entitlement in force) that may be seen, else all that may.
    """

    atena_no: str
    name: str
    birth_date: date | None
    ward_code: str
    protected: bool
    household: tuple[tuple[str, str], ...]
    schemes: tuple[str, ...]


def person_to_ask(*, using: str, atena_no: str, scope: Scope, on: date) -> Person:
    """The person with the household. Raises NotInScope."""
    rows = ResidentRecord.objects.using(using).current()
    latest = rows.of_person(atena_no).order_by("-valid").annotate(last=last_ward(using=using)).first()
    if latest is None or not scope.allows(ward=latest.last):
        raise NotInScope(atena_no)
    members = rows.filter(household_no=latest.household_no, valid__contains=on).order_by("relationship_code", "pk")
    household = tuple(members.values_list("atena_no", "name")) or ((atena_no, latest.name),)
    shielded = protected_among({atena_no, *(no for no, _ in household)}, using=using, on=on)
    ward = latest.last or ""
    schemes = _schemes(using, [no for no, _ in household], scope, ward, on)
    return Person(atena_no, latest.name, latest.birth_date, ward, bool(shielded), household, schemes)


def inquiries_list(*, using: str, scope: Scope, on: date, state: str, after: int | None = None) -> list[dict[str, Any]]:
    """The newest first, at most PAGE and one more, older than `after`. state: a state, `open`, `taken`, or empty for
    all; those that are answered are here the ones that nobody has taken over yet."""
    found = _visible(using, scope)
    if state == "open":
        found = found.filter(OPEN)
    elif state in ("answered", "taken"):
        found = found.filter(state="answered", taken_over_at__isnull=state == "answered")
    elif state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    return _with_names(found[: PAGE + 1], using, on)


def inquiries_of(*, using: str, scope: Scope, on: date, atena_nos: list[str]) -> list[dict[str, Any]]:
    """Inquiries about these persons or for their cases."""
    concerned = Q(atena_no__in=atena_nos) | Q(about_atena_no__in=atena_nos)
    return _with_names(_visible(using, scope).filter(concerned)[:PAGE], using, on)


def inquiry_in_scope(*, using: str, inquiry_id: int, scope: Scope, on: date) -> dict[str, Any]:
    """One inquiry. Raises NotInScope."""
    found = _with_names(_visible(using, scope).filter(pk=inquiry_id), using, on)
    if not found:
        raise NotInScope(str(inquiry_id))
    return found[0]


@dataclass(frozen=True, slots=True)
class Missing:
    """A row of the list of missing incomes: one person, scheme and year, for whichever cases. key: of the form.

    state: of an inquiry that is open or answered already, or ""; inquiry_id: of that one. protected: of the person or
    of a case; such a one is asked about alone, by two people.
    """

    key: str
    needed: tuple[Needed, ...]
    name: str
    about: tuple[str, ...]
    resident_since: date | None
    protected: bool
    inquiry_id: int | None
    state: str

    @property
    def first(self) -> Needed:
        """Person, scheme, year and ward are the same in all."""
        return self.needed[0]

    @property
    def askable(self) -> bool:
        """Whether it may be chosen in the list."""
        return not self.protected and self.inquiry_id is None


def missing_incomes(*, using: str, scope: Scope, on: date) -> tuple[list[Missing], bool]:
    """Incomes that held decisions wait for, at most PAGE, and whether there are more. Four statements."""
    found = incomes_needed(using=using, scope=scope, limit=PAGE * 4)
    grouped: dict[str, list[Needed]] = {}
    for one in found:
        grouped.setdefault(f"{one.atena_no}-{one.scheme}-{one.tax_year}", []).append(one)
    shown = dict(list(grouped.items())[:PAGE])
    people = {no for rows in shown.values() for one in rows for no in (one.atena_no, one.about)}
    known = _known_people(people, using)
    shielded = protected_among(people, using=using, on=on)
    asked = _asked_already(people, using)
    lines = []
    for key, rows in shown.items():
        first = rows[0]
        name, since = known.get(first.atena_no, ("", None))
        inquiry_id, state = asked.get((first.atena_no, first.tax_year), (None, ""))
        about = tuple(known.get(no, ("", None))[0] for no in dict.fromkeys(one.about for one in rows))
        protected = bool({first.atena_no, *(one.about for one in rows)} & shielded)
        lines.append(Missing(key, tuple(rows), name, about, since, protected, inquiry_id, state))
    return lines, len(grouped) > PAGE or len(found) == PAGE * 4


def open_application(*, using: str, inquiry: Inquiry) -> int | None:
    """The newest application of the case that is not decided yet."""
    waiting = Application.objects.using(using).filter(
        atena_no=inquiry.about_atena_no,
        scheme=inquiry.scheme,
        state__in=(ApplicationState.RECEIVED, ApplicationState.HELD),
    )
    return waiting.order_by("-pk").values_list("pk", flat=True).first()


def names_of(atena_nos: Iterable[str], *, using: str) -> dict[str, str]:
    """宛名番号 → the newest name. One statement."""
    return {no: name for no, (name, _) in _known_people(set(atena_nos), using).items()}


def _known_people(people: set[str], using: str) -> dict[str, tuple[str, date | None]]:
    rows = ResidentRecord.objects.using(using).filter(atena_no__in=people, recorded_to__isnull=True).order_by("valid")
    return {no: (name, since) for no, name, since in rows.values_list("atena_no", "name", "resident_since")}


def _asked_already(people: set[str], using: str) -> dict[tuple[str, int | None], tuple[int, str]]:
    """Inquiries that are open, or whose answer nobody has taken over yet."""
    waiting = OPEN | Q(state="answered", outcome="found", taken_over_at__isnull=True)
    rows = Inquiry.objects.using(using).filter(waiting, atena_no__in=people).order_by("pk")
    return {(row.atena_no, row.year): (row.pk, row.get_state_display()) for row in rows}


def default_year(on: date) -> int:
    """課税年度 whose figures exist on a day: a municipality settles them by June."""
    return fiscal_year(on) if on.month >= 6 or on.month < 4 else on.year - 1


def _schemes(using: str, people: list[str], scope: Scope, ward: str, on: date) -> tuple[str, ...]:
    ours = [s for s in active_profile().schemes if scope.allows(ward=ward, scheme=s)]
    held = Entitlement.objects.using(using).filter(atena_no__in=people, recorded_to__isnull=True, valid__contains=on)
    waiting = Application.objects.using(using).filter(
        atena_no__in=people, state__in=(ApplicationState.RECEIVED, ApplicationState.HELD)
    )
    cases = set(held.values_list("scheme", flat=True).union(waiting.values_list("scheme", flat=True)))
    return tuple(s for s in ours if s in cases) or tuple(ours)


def _visible(using: str, scope: Scope) -> "QuerySet[Inquiry]":
    limited = seen_by(scope, using=using, person="about_atena_no")
    return Inquiry.objects.using(using).filter(limited).order_by("-pk")


def _with_names(found: "QuerySet[Inquiry]", using: str, on: date) -> list[dict[str, Any]]:
    shielded = Protection.objects.using(using).filter(in_force(on=on), atena_no=OuterRef("atena_no"))
    rows = found.annotate(
        name=_name("atena_no", using), about_name=_name("about_atena_no", using), shielded=Exists(shielded)
    )
    return [
        {
            "inquiry": row,
            "name": row.name or "",
            "about_name": row.about_name or "",
            "protected": row.shielded,
        }
        for row in rows
    ]


def _name(column: str, using: str) -> Subquery:
    latest = ResidentRecord.objects.using(using).filter(atena_no=OuterRef(column), recorded_to__isnull=True)
    return Subquery(latest.order_by("-valid").values("name")[:1])
