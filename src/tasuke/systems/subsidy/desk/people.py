"""Search: people by the question, within the limits of the person who asks, at most fifty."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.desk.question import Question, spellings
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.protection import in_force_sql, protected_sql

LIMIT = 50
# a person may be hit several times (by an old and a new row): some more rows are read than people are shown
_ROWS = 3 * LIMIT

_RECORD = (
    "SELECT r.id, r.atena_no, '{how}' AS how FROM subsidy_resident_record r WHERE r.recorded_to IS NULL AND {test}"
)
_NUMBER = (
    "SELECT NULL::bigint AS id, n.atena_no, 'recipient' AS how FROM subsidy_recipient_number n"
    " WHERE n.scheme = ANY(%s) AND n.recipient_no = %s"
)
# whoever must not be found by where they live
_OPEN = f"NOT {protected_sql('r.atena_no', on='%s')}"
# the same expressions as in the indexes (registry migration 0002)
PHONE = "regexp_replace(r.phone, '[^0-9]', '', 'g')"
ADDRESS = "normalize(r.address, NFKC)"

_PEOPLE = """
WITH hit AS ({parts})
SELECT p.atena_no, p.household_no, p.resident_status, p.name, p.name_kana, p.alias, p.sex, p.birth_date, p.birth_text,
       p.relationship, p.head_name, p.ward_code, p.address, p.address_detail,
       h.how, old.name AS old_name, old.address AS old_address, p.id <> h.id AS former, x.protected, x.guarded
FROM hit h
CROSS JOIN LATERAL (
  SELECT c.* FROM subsidy_resident_record c WHERE c.atena_no = h.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %s) DESC, lower(c.valid) DESC LIMIT 1
) p
LEFT JOIN subsidy_resident_record old ON old.id = h.id
CROSS JOIN LATERAL (  -- whoever lives with a protected person lives where that person does
  SELECT coalesce(bool_or(x.atena_no = p.atena_no), FALSE) AS protected, count(*) > 0 AS guarded
  FROM (SELECT p.atena_no UNION
        SELECT m.atena_no FROM subsidy_resident_record m WHERE m.household_no = p.household_no
          AND p.household_no <> '' AND m.recorded_to IS NULL AND m.valid @> %s::date) w
  JOIN subsidy_protection x ON x.atena_no = w.atena_no AND {in_force}
) x
WHERE {limits}
LIMIT %s
"""
_ENTITLED = """
SELECT e.atena_no, e.scheme, e.recipient_no FROM subsidy_entitlement e
WHERE e.atena_no = ANY(%s) AND e.recorded_to IS NULL AND e.valid @> %s::date
  AND (%s::text[] IS NULL OR e.scheme = ANY(%s))
ORDER BY e.atena_no, e.scheme
"""


@dataclass(frozen=True, slots=True)
class Found:
    """people: rows of _PEOPLE with `entitlements`, in the order of their names; more: there are more than fifty."""

    people: Sequence[Row] = field(default_factory=tuple)
    more: bool = False

    @property
    def atena_nos(self) -> list[str]:
        """Who is shown, for the audit trail."""
        return [person["atena_no"] for person in self.people]


def search_people(*, using: str, question: Question, scope: Scope, on: date) -> Found:
    """Who fits the question today, by present and by former names and addresses. Two statements."""
    if question.is_empty:
        return Found()
    parts, parameters = _parts(question, on)
    limits, wards = scope.sql("p.ward_code")
    narrowed: list[Any] = []
    if question.birth and question.name:
        limits, narrowed = f"{limits} AND p.birth_date = %s", [question.birth]
    query = _PEOPLE.format(parts=" UNION ALL ".join(parts), in_force=in_force_sql("x", on="%s"), limits=limits)
    rows = fetch(using, query, [*parameters, on, on, on, *wards, *narrowed, _ROWS])
    people: dict[str, Row] = {}
    for row in rows:
        people.setdefault(row["atena_no"], row)
    shown = sorted(list(people.values())[:LIMIT], key=lambda p: (p["name_kana"], p["birth_date"] or on))
    _add_entitlements(using, shown, scope, on)
    return Found(people=tuple(shown), more=len(people) > LIMIT or len(rows) == _ROWS)


def _parts(question: Question, on: date) -> tuple[list[str], list[Any]]:
    """One SELECT for each way in which the question may be meant."""
    found: list[tuple[str, list[Any]]] = []
    if question.number:
        found.append((_RECORD.format(how="atena", test="r.atena_no = %s"), [question.number]))
        found.append((_NUMBER, [list(active_profile().schemes), question.number]))
    if question.phone:
        found.append(
            (_RECORD.format(how="phone", test=f"r.phone <> '' AND {PHONE} = %s AND {_OPEN}"), [question.phone, on])
        )
    # a birthday beside a name is asked of the row itself, so that both indexes work: of a frequent family name there
    # are tens of thousands, with the birthday two or three
    born, day = (" AND r.birth_date = %s", [question.birth]) if question.birth else ("", [])
    if question.name:
        found.append((_RECORD.format(how="name", test=f"r.name_key LIKE %s{born}"), [_beginning(question.name), *day]))
    if question.kana:
        found.append((_RECORD.format(how="kana", test=f"r.kana_key LIKE %s{born}"), [_beginning(question.kana), *day]))
    if question.address:
        for beginning in _addresses(question.address):
            test = f"{ADDRESS} LIKE %s AND {_OPEN}"
            found.append((_RECORD.format(how="address", test=test), [_beginning(beginning), on]))
    if question.birth and not question.name:
        found.append((_RECORD.format(how="birth", test="r.birth_date = %s"), [question.birth]))
    return [text for text, _ in found], [value for _, values in found for value in values]


def _addresses(typed: str) -> list[str]:
    """How a row's address may begin: people leave out the city, and the ward too when they name the town."""
    profile = active_profile()
    wards = [ward.name for ward in profile.wards]
    before = ["", profile.name]
    if not typed.startswith((profile.name, *wards)):
        before += [profile.name + ward for ward in wards]
    return list(dict.fromkeys(place + one for one in spellings(typed) for place in before))


def _beginning(key: str) -> str:
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _add_entitlements(using: str, people: list[Row], scope: Scope, on: date) -> None:
    held: dict[str, list[Row]] = {person["atena_no"]: [] for person in people}
    schemes = None if scope.schemes is None else sorted(scope.schemes)
    if held:
        for row in fetch(using, _ENTITLED, [list(held), on, schemes, schemes]):
            held[row["atena_no"]].append(row)
    for person in people:
        person["entitlements"] = held[person["atena_no"]]
