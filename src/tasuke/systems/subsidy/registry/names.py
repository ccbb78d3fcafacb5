"""Who is behind a number: names for the lists of all areas, in one statement. No addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connections

from tasuke.systems.subsidy.registry.protection import in_force_sql

# protection is asked of those who are listed, one by one: within the inner question the whole table would be read
_NAMES = f"""
SELECT n.atena_no, n.name, n.name_kana, n.birth_date, n.birth_text, n.ward_code, n.resident_status, x.protected
FROM (
  SELECT DISTINCT ON (r.atena_no) r.atena_no, r.name, r.name_kana, r.birth_date, r.birth_text, r.ward_code,
      r.resident_status
  FROM subsidy_resident_record r
  WHERE r.recorded_to IS NULL AND r.atena_no = ANY(%(persons)s)
  ORDER BY r.atena_no, (r.valid @> %(on)s::date) DESC, lower(r.valid) DESC
) n
CROSS JOIN LATERAL (
  SELECT count(*) > 0 AS protected FROM subsidy_protection p
  WHERE p.atena_no = n.atena_no AND {in_force_sql("p", on="%(on)s")}
) x
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person as lists name them. protected: 支援措置 is open, whoever prints or mails has to take care."""

    atena_no: str
    name: str
    kana: str = ""
    birth_date: date | None = None
    birth_text: str = ""
    ward_code: str = ""
    status: str = ""
    protected: bool = False


def person_names(*, using: str, atena_nos: Iterable[str], on: date) -> dict[str, PersonName]:
    """Names as they hold on a day, or as they were last known. Unknown numbers are left out."""
    wanted = sorted({no for no in atena_nos if no})
    if not wanted:
        return {}
    with connections[using].cursor() as cursor:
        cursor.execute(_NAMES, {"persons": wanted, "on": on})
        return {row[0]: PersonName(*row) for row in cursor.fetchall()}
