"""Whose income is missing: the persons for whom decisions are held, so that it can be asked for at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.registry.wards import seen_by_sql

# the last decision of each person and scheme; of those held for an unknown income, the subjects without a tax record
_NEEDED = """
WITH last AS (
  SELECT DISTINCT ON (d.atena_no, d.scheme) d.atena_no, d.scheme, d.outcome, d.reasons, d.income_year, d.facts
  FROM subsidy_decision d WHERE {people} ORDER BY d.atena_no, d.scheme, d.id DESC
), held AS (
  SELECT last.*, coalesce((
    SELECT r.ward_code FROM subsidy_resident_record r
    WHERE r.atena_no = last.atena_no AND r.recorded_to IS NULL AND r.ward_code <> '' ORDER BY r.valid DESC LIMIT 1
  ), '') AS ward_code
  FROM last WHERE outcome = 'pending' AND 'INCOME_UNKNOWN' = ANY(reasons) AND income_year IS NOT NULL
)
SELECT DISTINCT i.item->>'subject_id', l.atena_no, l.scheme, l.income_year + 1, l.ward_code
FROM held l CROSS JOIN LATERAL jsonb_array_elements(l.facts->'incomes') AS i(item)
WHERE i.item->>'subject_id' IS NOT NULL AND {seen}
  AND NOT EXISTS (SELECT 1 FROM subsidy_income t WHERE t.atena_no = i.item->>'subject_id'
                  AND t.tax_year = l.income_year + 1 AND t.recorded_to IS NULL)
ORDER BY 1, 2, 3
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Needed:
    """atena_no: whose income; about: whose case waits for it; tax_year: 課税年度 (income of the year before);
    ward_code: where the person of the case lives, or lived last; empty where unknown."""

    atena_no: str
    about: str
    scheme: str
    tax_year: int
    ward_code: str = ""


def incomes_needed(
    *, using: str, scope: Scope | None = None, cases: Sequence[str] | None = None, limit: int | None = None
) -> list[Needed]:
    """Every income that a held decision waits for, in the order of the persons.

    scope: only cases that may be seen. cases: only those of these persons.
    """
    seen, values = ("TRUE", dict[str, Any]()) if scope is None else seen_by_sql(scope, rows="l")
    people = "TRUE" if cases is None else "d.atena_no = ANY(%(cases)s)"
    values |= {"cases": list(cases or ()), "limit": limit}
    with connections[using].cursor() as cursor:
        cursor.execute(_NEEDED.format(seen=seen, people=people), values)
        return [Needed(*row) for row in cursor.fetchall()]
