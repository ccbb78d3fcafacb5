"""Whose income is missing: the persons for whom decisions are held, so that it can be asked for at once."""

from dataclasses import dataclass

from django.db import connections

# the last decision of each person and scheme; of those held for an unknown income, the subjects without a tax record
_NEEDED = """
WITH last AS (
  SELECT DISTINCT ON (d.atena_no, d.scheme) d.atena_no, d.scheme, d.outcome, d.reasons, d.income_year, d.facts
  FROM subsidy_decision d ORDER BY d.atena_no, d.scheme, d.id DESC
)
SELECT DISTINCT i.item->>'subject_id', l.atena_no, l.scheme, l.income_year + 1
FROM last l CROSS JOIN LATERAL jsonb_array_elements(l.facts->'incomes') AS i(item)
WHERE l.outcome = 'pending' AND 'INCOME_UNKNOWN' = ANY(l.reasons) AND l.income_year IS NOT NULL
  AND i.item->>'subject_id' IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM subsidy_income t WHERE t.atena_no = i.item->>'subject_id'
                  AND t.tax_year = l.income_year + 1 AND t.recorded_to IS NULL)
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Needed:
    """atena_no: whose income; about: whose case waits for it; tax_year: 課税年度 (income of the year before)."""

    atena_no: str
    about: str
    scheme: str
    tax_year: int


def incomes_needed(*, using: str) -> list[Needed]:
    """Every income that a held decision waits for, in the order of the persons."""
    with connections[using].cursor() as cursor:
        cursor.execute(_NEEDED)
        return [Needed(*row) for row in cursor.fetchall()]
