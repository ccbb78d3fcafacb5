"""What of a household needs a permission of its own: incomes by year, addresses under 支援措置."""

from datetime import date, datetime
from typing import Any

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.desk.household import NotInScope, known_sql
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.registry.protection import protected_sql

_YEARS = 4
_PEOPLE = f"""
SELECT m.atena_no, m.name, m.name_kana, m.relationship, m.birth_date, m.ward_code, m.postal_code, m.address,
       m.address_detail, m.phone, m.head_name, s.postal_code AS mail_postal, s.address AS mail_address,
       s.address_detail AS mail_detail, s.addressee AS mail_addressee,
       {protected_sql("m.atena_no", on="%(on)s")} AS protected
FROM (
  SELECT c.household_no FROM subsidy_resident_record c WHERE c.atena_no = %(person)s AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
) p
JOIN LATERAL (
  SELECT DISTINCT ON (c.atena_no) c.* FROM subsidy_resident_record c
  WHERE c.recorded_to IS NULL
    AND (c.household_no = p.household_no AND c.valid @> %(on)s::date OR c.atena_no = %(person)s)
  ORDER BY c.atena_no, (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC
) m ON TRUE
LEFT JOIN subsidy_mailing_address s ON s.atena_no = m.atena_no AND s.recorded_to IS NULL AND s.valid @> %(on)s::date
ORDER BY m.relationship_code, m.birth_date, m.atena_no
"""  # noqa: S608
_INCOMES = """
SELECT i.*, q.provider_name AS asked_of, q.taken_over_at
FROM subsidy_income i
LEFT JOIN LATERAL (
  SELECT provider_name, taken_over_at FROM subsidy_inquiry
  WHERE i.source = 'inquiry' AND atena_no = i.atena_no AND year = i.tax_year AND taken_over_at IS NOT NULL
  ORDER BY taken_over_at DESC LIMIT 1
) q ON TRUE
WHERE i.atena_no = ANY(%(people)s) AND {known} AND i.tax_year > %(first)s AND i.tax_year <= %(last)s
ORDER BY i.atena_no, i.tax_year DESC
"""


def household_incomes(
    *, using: str, atena_no: str, on: date, scope: Scope, known_at: datetime | None = None
) -> tuple[list[Row], list[Row]]:
    """The members on a day with the incomes of the four years up to it, by what is known now or was known at a moment.

    Raises NotInScope. Two statements.
    """
    people = _members(using, atena_no, on, scope)
    names = {p["atena_no"]: p["name"] for p in people}
    asked = {"people": list(names), "first": on.year - _YEARS, "last": on.year, "at": known_at}
    incomes = fetch(using, _INCOMES.format(known=known_sql("i", known_at)), asked)
    return people, [{**row, "name": names[row["atena_no"]]} for row in incomes]


def household_addresses(*, using: str, atena_no: str, on: date, scope: Scope) -> list[Row]:
    """The members of a household with somebody under 支援措置, with address, 送付先 and phone; else nobody.

    Raises NotInScope. One statement.
    """
    people = _members(using, atena_no, on, scope)
    return people if any(person["protected"] for person in people) else []


def _members(using: str, atena_no: str, on: date, scope: Scope) -> list[Row]:
    asked: dict[str, Any] = {"person": atena_no, "on": on}
    people = [p for p in fetch(using, _PEOPLE, asked) if scope.allows(ward=p["ward_code"])]
    if not any(p["atena_no"] == atena_no for p in people):
        raise NotInScope(atena_no)
    return people
