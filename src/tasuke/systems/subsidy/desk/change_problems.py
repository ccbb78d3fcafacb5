"""Changes of other systems that were not taken, or with a warning: a list within the limits of who asks.

A person has the ward in which he lives, or lived last in the city, and the schemes of which he has or asked for
something, or on whom somebody's case depends. Whom the register does not know has no ward: nobody with a limit of
wards sees him.
"""

from datetime import date
from typing import Any

from tasuke.platform.access import Scope
from tasuke.platform.ui.paging import PAGE_ROWS
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.registry.protection import protected_sql
from tasuke.systems.subsidy.registry.wards import last_ward_sql

# A warning that comes again with every change of the same person waits once, as it came last.
WAITING = """p.settled_at IS NULL AND NOT (p.taken AND EXISTS (
  SELECT 1 FROM subsidy_change_problem l WHERE l.atena_no = p.atena_no AND l.code = p.code AND l.message = p.message
    AND l.taken AND l.settled_at IS NULL AND l.id > p.id))"""
_OF_SCHEME = """(
  NOT EXISTS (SELECT 1 FROM subsidy_resident_record u WHERE u.atena_no = p.atena_no AND u.recorded_to IS NULL)
  OR EXISTS (SELECT 1 FROM subsidy_entitlement e
    WHERE e.atena_no = p.atena_no AND e.recorded_to IS NULL AND e.scheme = ANY({schemes}))
  OR EXISTS (SELECT 1 FROM subsidy_application a WHERE a.atena_no = p.atena_no AND a.scheme = ANY({schemes}))
  OR EXISTS (SELECT 1 FROM subsidy_relation s
    WHERE s.other_atena_no = p.atena_no AND s.recorded_to IS NULL AND s.scheme = ANY({schemes})))"""
_LIST = """
SELECT p.*, r.name, r.birth_date, {protected} AS protected
FROM subsidy_change_problem p
LEFT JOIN LATERAL (
  SELECT c.name, c.birth_date FROM subsidy_resident_record c WHERE c.atena_no = p.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1) r ON TRUE
WHERE {which} AND {limits} ORDER BY p.id{order} LIMIT %(rows)s
"""


def change_problems(*, using: str, scope: Scope, on: date, settled: bool, after: int | None) -> list[Row]:
    """Up to a page and one more, after an id: open ones the oldest first, settled ones the newest first."""
    limits, parameters = within_sql(scope)
    which = "p.settled_at IS NOT NULL" if settled else WAITING
    if after is not None:
        which += " AND p.id < %(after)s" if settled else " AND p.id > %(after)s"
    order = " DESC" if settled else ""
    query = _LIST.format(protected=protected_sql("p.atena_no", on="%(on)s"), which=which, limits=limits, order=order)
    return fetch(using, query, {**parameters, "on": on, "after": after, "rows": PAGE_ROWS + 1})


def change_problem(*, using: str, scope: Scope, on: date, problem_id: int) -> Row | None:
    """One that is open, within the limits of who asks; else None."""
    limits, parameters = within_sql(scope)
    query = _LIST.format(
        protected=protected_sql("p.atena_no", on="%(on)s"),
        which="p.id = %(one)s AND p.settled_at IS NULL",
        limits=limits,
        order="",
    )
    found = fetch(using, query, {**parameters, "on": on, "one": problem_id, "rows": 1})
    return found[0] if found else None


def within_sql(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The limits of who asks on rows `p` of subsidy_change_problem, as SQL with named parameters."""
    texts, parameters = [], dict[str, Any]()
    for place, (offices, schemes) in enumerate(scope.pairs or ((scope.offices, scope.schemes),)):
        parts = []
        if offices is not None:
            parts.append(f"{last_ward_sql('p')} = ANY(%(change_wards_{place})s)")
            parameters[f"change_wards_{place}"] = sorted(offices)
        if schemes is not None:
            parts.append(_OF_SCHEME.format(schemes=f"%(change_schemes_{place})s"))
            parameters[f"change_schemes_{place}"] = sorted(schemes)
        if not parts:
            return "TRUE", {}
        texts.append(" AND ".join(parts))
    return f"({' OR '.join(f'({text})' for text in texts)})", parameters
