"""What the screens of inquiries show, within the limits of who looks."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from tasuke.core.calendar import fiscal_year
from tasuke.platform.access import Scope
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState, Entitlement
from tasuke.systems.subsidy.inquiries.models import OPEN, Inquiry
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord
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
    shielded = Protection.objects.using(using).filter(
        atena_no__in=[no for no, _ in household] + [atena_no], ended_on__isnull=True
    )
    ward = latest.last or ""
    schemes = _schemes(using, [no for no, _ in household], scope, ward, on)
    return Person(atena_no, latest.name, latest.birth_date, ward, shielded.exists(), household, schemes)


def inquiries_list(*, using: str, scope: Scope, state: str) -> list[dict[str, Any]]:
    """The newest first, at most PAGE. state: a state, `open`, or empty for all."""
    found = _visible(using, scope)
    if state == "open":
        found = found.filter(OPEN)
    elif state == "answered":  # those that nobody has taken over come first
        found = found.filter(state=state).order_by("taken_over_at", "-pk")
    elif state:
        found = found.filter(state=state)
    return _with_names(found[:PAGE], using)


def inquiries_of(*, using: str, scope: Scope, atena_nos: list[str]) -> list[dict[str, Any]]:
    """Inquiries about these persons or for their cases."""
    concerned = Q(atena_no__in=atena_nos) | Q(about_atena_no__in=atena_nos)
    return _with_names(_visible(using, scope).filter(concerned)[:PAGE], using)


def inquiry_in_scope(*, using: str, inquiry_id: int, scope: Scope) -> dict[str, Any]:
    """One inquiry. Raises NotInScope."""
    found = _with_names(_visible(using, scope).filter(pk=inquiry_id), using)
    if not found:
        raise NotInScope(str(inquiry_id))
    return found[0]


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


def _with_names(found: "QuerySet[Inquiry]", using: str) -> list[dict[str, Any]]:
    shielded = Protection.objects.using(using).filter(atena_no=OuterRef("atena_no"), ended_on__isnull=True)
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
