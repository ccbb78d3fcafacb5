"""Looking up one person while somebody types a number: name and age, and what they are entitled to already."""

from datetime import date

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.profile import active_profile

_PERSON = """
SELECT r.atena_no, r.name, r.birth_date, r.relationship, r.resident_status,
       (SELECT array_agg(e.scheme ORDER BY e.scheme) FROM subsidy_entitlement e
        WHERE e.atena_no = r.atena_no AND e.recorded_to IS NULL AND e.valid @> %(on)s::date
          AND e.scheme = ANY(%(schemes)s)) AS held
FROM (
  SELECT c.* FROM subsidy_resident_record c WHERE c.atena_no = %(number)s AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
) r WHERE {limits}
"""
_RECIPIENT = (
    "SELECT atena_no FROM subsidy_recipient_number WHERE recipient_no = %(number)s AND scheme = ANY(%(schemes)s)"
)


def look_up_person(*, using: str, number: str, scope: Scope, on: date) -> Row | None:
    """Name, birthday and schemes in force of a 宛名番号; None: unknown, or outside the limits. One statement."""
    limits, wards = scope.sql("r.ward_code")
    text = _PERSON.format(limits=limits.replace("%s", "%(wards)s"))
    asked = {"number": number, "on": on, "schemes": _schemes(scope), "wards": wards[0] if wards else []}
    found = fetch(using, text, asked)
    return found[0] if found else None


def look_up_recipient(*, using: str, number: str, scope: Scope, on: date) -> Row | None:
    """The same by 受給者番号. Two statements."""
    found = fetch(using, _RECIPIENT, {"number": number, "schemes": _schemes(scope)})
    return look_up_person(using=using, number=found[0]["atena_no"], scope=scope, on=on) if found else None


def _schemes(scope: Scope) -> list[str]:
    return sorted(active_profile().schemes if scope.schemes is None else scope.schemes)
