"""What the register knows already stands in the form of a 届出."""

from datetime import date
from typing import Any

from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.web.notification_forms import Asked

_INSURANCE = ("insurance_kind", "insured_relation", "insured_atena_no")
_FAMILY = {"breadwinner": "breadwinner_atena_no", "spouse": "spouse_atena_no", "supporter": "supporter_atena_nos"}
_MAILING = ("relation", "addressee", "postal_code", "address", "address_detail", "reason")


def first_values(asked: Asked, kind: NotificationKind) -> dict[str, Any]:
    """Initial values of a new form: received here today, told by the head of the household."""
    head = next((m for m in asked.household.members if m["relationship_code"] == "02"), asked.household.person)
    common = {
        "received_on": asked.today,
        "channel": "1",
        "notifier_atena_no": head["atena_no"],
        "effective_on": None if kind is NotificationKind.INSURANCE else asked.today,
    }
    return common | _OF_KIND[kind](asked)


def _mine(asked: Asked, history: str) -> list[Row]:
    here = asked.household.person["atena_no"]
    return [row for row in asked.household.histories.get(history, []) if row["atena_no"] == here]


def _mailing(asked: Asked) -> dict[str, Any]:
    known = _mine(asked, "mailing")
    return {name: known[0][name] for name in _MAILING} if known else {}


def _name(asked: Asked) -> dict[str, Any]:
    known = _mine(asked, "paper_name")
    return {"name": known[0]["name"] if known else asked.household.person["alias"]}


def _insurance(asked: Asked) -> dict[str, Any]:
    """The kind of membership stays as a rule; the numbers are new, so nobody reads old ones for new."""
    known = _mine(asked, "insurance")
    values: dict[str, Any] = {name: known[0][name] for name in _INSURANCE} if known else {}
    values["benefit_rate"] = str(known[0]["benefit_rate"] or "") if known else ""
    return values


def _family(asked: Asked) -> dict[str, Any]:
    relations = _mine(asked, "relation")
    schemes = sorted({row["scheme"] for row in relations} | set(asked.held))
    values: dict[str, Any] = {"schemes": [s for s in schemes if s in asked.schemes] or list(asked.schemes)[:1]}
    for kind, name in _FAMILY.items():
        values[name] = ";".join(dict.fromkeys(row["other_atena_no"] for row in relations if row["kind"] == kind))
    return values


def _account(asked: Asked) -> dict[str, Any]:
    owners = [row["atena_no"] for row in asked.household.histories.get("account", [])]
    here = asked.household.person["atena_no"]
    head = next((m["atena_no"] for m in asked.household.members if m["relationship_code"] == "02"), here)
    return {"payee": here if here in owners else next(iter(owners), head)}


def _single_parent(asked: Asked) -> dict[str, Any]:
    known = _mine(asked, "single_parent")
    told = {row["atena_no"] for row in asked.household.histories.get("single_parent", [])}
    values: dict[str, Any] = {"also": [no for no, _ in asked.others if no in told]}
    if known:
        values |= {name: known[0][name] for name in ("reason", "child_support", "de_facto_spouse")}
        happened = known[0]["happened_on"]
        values["since"] = date.fromisoformat(happened) if happened else None
    return values


def _loss(asked: Asked) -> dict[str, Any]:
    held = [s for s in asked.held if s in asked.schemes]
    return {"schemes": held if len(held) == 1 else []}


_OF_KIND = {
    NotificationKind.MAILING_ADDRESS: _mailing,
    NotificationKind.NAME: _name,
    NotificationKind.INSURANCE: _insurance,
    NotificationKind.FAMILY: _family,
    NotificationKind.ACCOUNT: _account,
    NotificationKind.SINGLE_PARENT: _single_parent,
    NotificationKind.LOSS: _loss,
}
