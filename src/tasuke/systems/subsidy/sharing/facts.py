"""What is known of persons in a scheme: whether they are in range, who is under 支援措置, and the items of a permit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from tasuke.contracts.sharing import WITHHELD_WHEN_PROTECTED, SharedAccount, SharedFacts
from tasuke.core.shared_items import SharedItem
from tasuke.platform.access import Scope
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState, Entitlement
from tasuke.systems.subsidy.registry.models import Account, Protection, ResidentRecord
from tasuke.systems.subsidy.registry.protection import in_force, protected_among


@dataclass(frozen=True, slots=True)
class Shielded:
    """own: under 支援措置 themselves; near: live with somebody who is, so that their address would tell it."""

    own: frozenset[str]
    near: frozenset[str]

    def withheld(self, atena_no: str, items: Sequence[SharedItem]) -> tuple[SharedItem, ...]:
        """Items of these that are not told of a person."""
        if atena_no not in self.own | self.near:
            return ()
        return tuple(item for item in items if item in WITHHELD_WHEN_PROTECTED)


def in_range(atena_nos: Collection[str], *, using: str, scheme: str, scope: Scope) -> set[str]:
    """Those who applied (for themselves or for a child), are or were recipients, within the limits of who looks."""
    applied = Application.objects.using(using).filter(scheme=scheme)
    found = set(applied.filter(atena_no__in=atena_nos).values_list("atena_no", flat=True))
    found |= set(applied.filter(applicant_atena_no__in=atena_nos).values_list("applicant_atena_no", flat=True))
    held = Entitlement.objects.using(using).current().of_scheme(scheme).filter(atena_no__in=atena_nos)
    found |= set(held.values_list("atena_no", flat=True))
    if scope.offices is None:
        return {no for no in found if scope.allows(ward=None, scheme=scheme)}
    wards = last_wards(found, using=using)
    return {no for no in found if scope.allows(ward=wards.get(no), scheme=scheme)}


def last_wards(atena_nos: Collection[str], *, using: str) -> dict[str, str]:
    """The ward in which each lives, or lived last in the city."""
    rows = ResidentRecord.objects.using(using).current().filter(atena_no__in=atena_nos).exclude(ward_code="")
    return dict(rows.order_by("atena_no", "-valid").distinct("atena_no").values_list("atena_no", "ward_code"))


def shielded(atena_nos: Collection[str], *, using: str, on: date) -> Shielded:
    """Who of these is under 支援措置, or lives with somebody who is."""
    now = ResidentRecord.objects.using(using).in_force_on(on)
    homes = dict(now.filter(atena_no__in=atena_nos).exclude(household_no="").values_list("atena_no", "household_no"))
    # in two steps: as one statement the planner joins whole tables
    protected = Protection.objects.using(using).filter(in_force(on=on), atena_no=OuterRef("atena_no"))
    members = now.filter(Exists(protected), household_no__in=set(homes.values()))
    guarded = set(members.values_list("household_no", flat=True))
    own = protected_among(atena_nos, using=using, on=on)
    near = {no for no, home in homes.items() if home in guarded} - own
    return Shielded(frozenset(own), frozenset(near))


def facts_of(
    atena_nos: Collection[str], *, using: str, scheme: str, items: Sequence[SharedItem], shield: Shielded, on: date
) -> dict[str, SharedFacts]:
    """These items of these persons. At most six statements, however many persons."""
    told: dict[str, dict[str, Any]] = {no: {} for no in atena_nos}
    _add(told, _resident_facts(atena_nos, using, items))
    _add(told, _entitlement_facts(atena_nos, using, scheme, items))
    if "application" in items:
        _add(told, _application_facts(atena_nos, using, scheme))
    if "account" in items:
        _add(told, _account_facts(atena_nos, using, on))
    for no in told:
        for item in shield.withheld(no, items):
            told[no].pop(_FIELDS.get(item, item), None)
    return {no: SharedFacts.model_validate(values) for no, values in told.items()}


_FIELDS = {"ward": "ward_code"}
_RESIDENT: Mapping[SharedItem, str] = {
    "name": "name",
    "kana": "name_kana",
    "birth_date": "birth_date",
    "sex": "sex",
    "ward": "ward_code",
    "address": "address",
}


def _add(told: dict[str, dict[str, Any]], found: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for no, values in found:
        if no in told:
            told[no] |= values


def _resident_facts(
    atena_nos: Collection[str], using: str, items: Sequence[SharedItem]
) -> Iterable[tuple[str, dict[str, Any]]]:
    wanted = [item for item in _RESIDENT if item in items]
    if not wanted:
        return
    rows = ResidentRecord.objects.using(using).current().filter(atena_no__in=atena_nos)
    for row in rows.order_by("atena_no", "-valid").distinct("atena_no").values():
        values = {_FIELDS.get(item, item): row[_RESIDENT[item]] for item in wanted}
        if "address" in values:
            values["address"] = row["address"] + row["address_detail"]
        yield row["atena_no"], values


def _entitlement_facts(
    atena_nos: Collection[str], using: str, scheme: str, items: Sequence[SharedItem]
) -> Iterable[tuple[str, dict[str, Any]]]:
    if not {"recipient_no", "payer_no", "role", "period", "copay_class"} & set(items):
        return
    rows = Entitlement.objects.using(using).current().of_scheme(scheme).filter(atena_no__in=atena_nos)
    for row in rows.order_by("atena_no", "-valid").distinct("atena_no"):
        values: dict[str, Any] = {
            item: getattr(row, item) for item in ("recipient_no", "payer_no", "role", "copay_class") if item in items
        }
        if "period" in items:
            end = row.valid.upper
            values |= {"valid_from": row.valid.lower, "last_day": end - timedelta(days=1) if end else None}
        yield row.atena_no, values


def _application_facts(atena_nos: Collection[str], using: str, scheme: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """The newest application about a person, or made by them for a child."""
    concerned = Q(atena_no__in=atena_nos) | Q(applicant_atena_no__in=atena_nos)
    rows = Application.objects.using(using).filter(concerned, scheme=scheme).order_by("received_on", "pk")
    columns = rows.values_list("atena_no", "applicant_atena_no", "received_on", "state")
    for atena_no, applicant, received, state in columns:
        values = {"application_on": received, "application_state": ApplicationState(state).label}
        for no in {atena_no, applicant}:
            yield no, values  # a later one takes the place of an earlier one


def _account_facts(atena_nos: Collection[str], using: str, on: date) -> Iterable[tuple[str, dict[str, Any]]]:
    rows = Account.objects.using(using).in_force_on(on).filter(atena_no__in=atena_nos)
    for row in rows.values("atena_no", *SharedAccount.model_fields):
        yield row.pop("atena_no"), {"account": SharedAccount.model_validate(row)}
