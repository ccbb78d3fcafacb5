"""Differences that the last run of `match-applications` found, of applications that are still open, within limits."""

from datetime import date

from tasuke.platform.access import Scope
from tasuke.platform.ui.paging import PAGE_ROWS, Page, page_of
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.registry.protection import protected_sql

MOST_IN_FILE = 20_000
_PROTECTED = protected_sql("c.atena_no", on="%(on)s")
_ROWS = """
FROM subsidy_match_finding m
JOIN subsidy_application a ON a.id = m.application_id AND a.state IN ('received', 'held')
CROSS JOIN LATERAL (
  SELECT c.name, c.birth_date, c.ward_code, {protected} AS protected FROM subsidy_resident_record c
  WHERE c.atena_no = a.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
) r
WHERE {limits}
"""
# the name of the other person is read for the rows that are shown alone
_NAMED = """
WITH found AS MATERIALIZED (
  SELECT m.id, m.application_id, a.application_no, a.scheme, a.received_on, a.state, m.kind, m.about_atena_no, m.since,
         m.found_on, a.atena_no, r.name, r.birth_date, r.ward_code, r.protected
  {rows} AND (%(kind)s = '' OR m.kind = %(kind)s) AND (%(after)s = 0 OR m.id > %(after)s)
  ORDER BY m.id LIMIT %(most)s
)
SELECT found.*, p.name AS about_name FROM found
LEFT JOIN LATERAL (SELECT x.name FROM subsidy_resident_record x WHERE x.atena_no = found.about_atena_no
                   AND x.recorded_to IS NULL ORDER BY lower(x.valid) DESC LIMIT 1) p ON TRUE
ORDER BY found.id
"""
_COUNTS = "SELECT m.kind, count(*) AS rows, max(m.found_on) AS found_on {rows} GROUP BY m.kind"


def list_differences(*, using: str, scope: Scope, on: date, kind: str, after: int) -> Page[Row]:
    """Fifty at a time, by application. One statement."""
    found = _rows(using, scope, on, kind, after, PAGE_ROWS + 1)
    return page_of(found, key=lambda row: row["id"], after=str(after or ""))


def differences_file(*, using: str, scope: Scope, on: date, kind: str) -> list[Row]:
    """All of a kind, or all, at most MOST_IN_FILE. One statement."""
    return _rows(using, scope, on, kind, 0, MOST_IN_FILE)


def difference_counts(*, using: str, scope: Scope, on: date) -> list[Row]:
    """kind, rows, found_on: of those within the limits. One statement."""
    limits, values = _limits(scope)
    return fetch(using, _COUNTS.format(rows=_ROWS.format(limits=limits, protected=_PROTECTED)), {**values, "on": on})


def _rows(using: str, scope: Scope, on: date, kind: str, after: int, most: int) -> list[Row]:
    limits, values = _limits(scope)
    asked = {**values, "on": on, "kind": kind, "after": after, "most": most}
    return fetch(using, _NAMED.format(rows=_ROWS.format(limits=limits, protected=_PROTECTED)), asked)


def _limits(scope: Scope) -> tuple[str, dict[str, object]]:
    text, values = scope.sql_pair(ward="r.ward_code", scheme="a.scheme")
    for place in range(len(values)):
        text = text.replace("%s", f"%(limit{place})s", 1)
    return text, {f"limit{place}": value for place, value in enumerate(values)}
