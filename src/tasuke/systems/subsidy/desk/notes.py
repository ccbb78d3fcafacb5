"""応対記録 of a person, and those of everybody that ask for a call."""

from datetime import date, datetime

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.desk.rows import Row, fetch

SHOWN = 50
# a corrected note is shown struck through, below the one that took its place
_OF_PERSON = """
SELECT n.id, n.atena_no, n.contact_on, n.channel, n.kind, n.text, n.follow_up_on, n.recorded_at, n.recorded_name,
       n.corrects_id, c.id IS NOT NULL AS corrected
FROM subsidy_contact_note n LEFT JOIN subsidy_contact_note c ON c.corrects_id = n.id
  AND c.recorded_at < coalesce(%(at)s, 'infinity'::timestamptz)
WHERE n.atena_no = ANY(%(people)s) AND n.contact_on <= %(on)s
  AND n.recorded_at < coalesce(%(at)s, 'infinity'::timestamptz)
ORDER BY n.contact_on DESC, n.id DESC LIMIT %(rows)s
"""
_WHOSE = """
SELECT r.atena_no, r.name, r.birth_date, r.ward_code FROM (
  SELECT c.* FROM subsidy_resident_record c WHERE c.atena_no = %(person)s AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
) r WHERE {limits}
"""
# a promise is kept when anything was noted of the person afterwards
DUE = (
    "n.follow_up_on <= %(on)s AND NOT EXISTS "
    "(SELECT 1 FROM subsidy_contact_note later WHERE later.atena_no = n.atena_no AND later.id > n.id)"
)
_DUE_LIST = """
SELECT n.id, n.atena_no, n.contact_on, n.channel, n.kind, n.text, n.follow_up_on, n.recorded_name, r.name, r.birth_date
FROM subsidy_contact_note n
JOIN LATERAL (
  SELECT c.name, c.birth_date, c.ward_code FROM subsidy_resident_record c
  WHERE c.atena_no = n.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1) r ON TRUE
WHERE {due} AND {limits} ORDER BY n.follow_up_on, n.id LIMIT %(rows)s
"""


def whose(*, using: str, atena_no: str, scope: Scope, on: date) -> Row | None:
    """The person whose notes are shown: atena_no, name, birth_date, ward_code; None: nobody within the limits."""
    limits, wards = scope.sql("r.ward_code")
    text = _WHOSE.format(limits=limits.replace("%s", "%(wards)s"))
    found = fetch(using, text, {"person": atena_no, "on": on, "wards": wards[0] if wards else []})
    return found[0] if found else None


def notes_of(
    *, using: str, people: list[str], on: date, known_at: datetime | None = None, rows: int = SHOWN
) -> list[Row]:
    """The notes of some persons up to a day, the newest first, corrected ones included.

    known_at: only what had been recorded by then.
    """
    return fetch(using, _OF_PERSON, {"people": people, "on": on, "at": known_at, "rows": rows})


def notes_due(*, using: str, scope: Scope, on: date) -> list[Row]:
    """Notes whose day to call again has come, the oldest promise first, at most fifty."""
    limits, wards = scope.sql("r.ward_code")
    text = _DUE_LIST.format(due=DUE, limits=limits.replace("%s", "%(wards)s"))
    return fetch(using, text, {"on": on, "wards": wards[0] if wards else [], "rows": SHOWN})
