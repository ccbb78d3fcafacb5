"""Conversion tables as data files with validity and sources (GW-2). What is unpublished is marked unconfirmed there."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class TableRow:
    """What each row has: period (end-exclusive), source, and whether the value is unconfirmed."""

    valid_from: date
    valid_to: date | None
    source: str
    unconfirmed: bool

    def holds_on(self, day: date) -> bool:
        """Whether the row is in force."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class ItemRow(TableRow):
    """An item of a provider's record ⇔ a field of the business. kind: int, text, date, flag, code."""

    information_code: str
    item: str
    field: str
    label: str
    kind: str
    code_table: str


@dataclass(frozen=True, slots=True)
class CodeRow(TableRow):
    """A value outside ⇔ a value inside."""

    table: str
    outside: str
    inside: str
    label: str


@dataclass(frozen=True, slots=True)
class Business:
    """A business that may ask: by which system, and for which procedures."""

    business_id: str
    name: str
    system: str
    procedure_codes: frozenset[str]
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class DesignatedCity(TableRow):
    """政令指定都市: its wards' codes (five digits, first to last) stand for the city's."""

    city: str
    name: str
    first_ward: str
    last_ward: str


@dataclass(frozen=True, slots=True)
class Provided(TableRow):
    """What this city provides itself, and under which 特定個人情報名コード."""

    kind: str
    information_code: str
    information: str


@cache
def items() -> tuple[ItemRow, ...]:
    """Every item of every kind of information."""
    return tuple(
        ItemRow(*_common(r), r["information_code"], r["item"], r["field"], r["label"], r["kind"], r["code_table"])
        for r in _read("items")
    )


@cache
def codes() -> tuple[CodeRow, ...]:
    """Every code of every code table."""
    return tuple(CodeRow(*_common(r), r["table"], r["outside"], r["inside"], r["label"]) for r in _read("codes"))


@cache
def businesses() -> dict[str, Business]:
    """Businesses by 業務ID."""
    found: dict[str, Business] = {}
    for r in _read("businesses"):
        before = found.get(r["business_id"])
        procedures = (before.procedure_codes if before else frozenset()) | {r["procedure_code"]}
        found[r["business_id"]] = Business(
            r["business_id"], r["name"], r["system"], procedures, r["unconfirmed"] == "1"
        )
    return found


@cache
def designated_cities() -> tuple[DesignatedCity, ...]:
    """The cities whose wards have codes of their own."""
    return tuple(
        DesignatedCity(*_common(r), r["city"], r["name"], r["first_ward"], r["last_ward"])
        for r in _read("designated_cities")
    )


@cache
def provided() -> dict[str, Provided]:
    """What this city provides, by kind."""
    return {
        r["kind"]: Provided(*_common(r), r["kind"], r["information_code"], r["information"]) for r in _read("provided")
    }


def _common(row: dict[str, str]) -> tuple[date, date | None, str, bool]:
    end = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    return date.fromisoformat(row["valid_from"]), end, row["source"], row.get("unconfirmed") == "1"


def _read(name: str) -> list[dict[str, str]]:
    text = (resources.files("tasuke.systems.gateway") / "data" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
