"""Everything about one person on one day: as we know it now, or as we knew it at an earlier moment."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from tasuke.systems.subsidy.entitlements.models import Application, Decision, Entitlement, RecipientNumber
from tasuke.systems.subsidy.registry.models import (
    Account,
    Income,
    Insurance,
    Protection,
    Recorded,
    Relation,
    ResidentRecord,
    SingleParentStatus,
    WelfareFact,
)
from tasuke.systems.subsidy.registry.protection import in_force

_YEARS_OF_INCOME = 3


@dataclass(frozen=True, slots=True)
class PersonState:
    """One person on a day. Lists are in a fixed order; `protected`: 支援措置 holds (screens and papers obey it)."""

    resident: ResidentRecord | None
    protected: bool
    insurance: Insurance | None
    account: Account | None
    single_parent: SingleParentStatus | None
    welfare: list[WelfareFact]
    relations: list[Relation]
    incomes: list[Income]
    entitlements: list[Entitlement]
    numbers: dict[str, str]
    applications: list[Application]
    decisions: list[Decision]


def state_on(*, using: str, atena_no: str, on: date, known_at: datetime | None = None) -> PersonState:
    """The state on a day. known_at: by what was recorded at that moment (None: by what is recorded now)."""

    def rows(model: type[Recorded]) -> list[Any]:
        same_person: dict[str, Any] = {"atena_no": atena_no, "valid__contains": on}
        return list(model._default_manager.using(using).filter(_known(known_at), **same_person).order_by("pk"))

    def one(model: type[Recorded]) -> Any:
        return next(iter(rows(model)), None)

    protections = Protection.objects.using(using).filter(atena_no=atena_no)
    incomes: Any = Income._default_manager.using(using).filter(
        _known(known_at), atena_no=atena_no, tax_year__range=(on.year - _YEARS_OF_INCOME, on.year)
    )
    entitlements = Entitlement.objects.using(using).filter(_known(known_at), atena_no=atena_no, valid__contains=on)
    until = Q() if known_at is None else Q(recorded_at__lte=known_at)
    return PersonState(
        resident=one(ResidentRecord),
        protected=protections.filter(in_force(on=on)).exists(),
        insurance=one(Insurance),
        account=one(Account),
        single_parent=one(SingleParentStatus),
        welfare=rows(WelfareFact),
        relations=rows(Relation),
        incomes=list(incomes.order_by("-tax_year")),
        entitlements=list(entitlements.order_by("scheme")),
        numbers=dict(
            RecipientNumber.objects.using(using).filter(atena_no=atena_no).values_list("scheme", "recipient_no")
        ),
        applications=list(
            Application.objects.using(using)
            .filter(atena_no=atena_no, received_on__lte=on)
            .order_by("received_on", "pk")
        ),
        decisions=list(
            Decision.objects.using(using).filter(until, atena_no=atena_no, decided_on__lte=on).order_by("pk")
        ),
    )


def _known(at: datetime | None) -> Q:
    if at is None:
        return Q(recorded_to__isnull=True)
    return Q(recorded_from__lte=at) & (Q(recorded_to__isnull=True) | Q(recorded_to__gt=at))
