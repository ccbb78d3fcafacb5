"""Applications and sheets as the desk lists and shows them, within the limits of who looks."""

from collections.abc import Iterable
from datetime import date

from tasuke.platform.access import Scope
from tasuke.platform.ui.paging import PAGE_ROWS, Page, page_of
from tasuke.systems.subsidy.desk.household import NotInScope
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.protection import protected_sql

_PERSON = f"""
CROSS JOIN LATERAL (
  SELECT c.name, c.name_kana, c.birth_date, c.ward_code,
    {protected_sql("c.atena_no", on="%(on)s")} AS protected
  FROM subsidy_resident_record c
  WHERE c.atena_no = a.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
) r
"""  # noqa: S608
_LIST = """
SELECT a.id, a.application_no, a.scheme, a.kind, a.atena_no, a.received_on, a.state, a.missing_documents,
       r.name, r.name_kana, r.birth_date, r.ward_code, r.protected, d.outcome
FROM subsidy_application a {person}
LEFT JOIN LATERAL (SELECT outcome FROM subsidy_decision d WHERE d.application_id = a.id ORDER BY d.id DESC LIMIT 1) d
  ON TRUE
WHERE {limits} AND a.scheme = ANY(%(ours)s) AND (%(state)s = '' OR a.state = %(state)s)
  AND (%(after)s = 0 OR a.id < %(after)s)
ORDER BY a.id DESC LIMIT %(rows)s
"""
_SHEETS = """
SELECT a.id, a.scheme, a.atena_no, a.state, a.changed_at, a.changed_name, a.remark, r.name, r.name_kana, r.birth_date,
       r.ward_code
FROM subsidy_sheet a {person} WHERE {limits} AND a.state IN ('draft', 'returned') ORDER BY a.id LIMIT %(rows)s
"""
_ONE = """
SELECT a.*, r.name, r.name_kana, r.birth_date, r.ward_code, p.name AS applicant_name, s.id AS sheet_id,
       s.changed_name, s.checked_at, s.checked_by,
       c.id AS certificate_id, c.issued_on AS certificate_on, c.run_id IS NULL AS certificate_here, n.recipient_no
FROM subsidy_application a {person}
LEFT JOIN LATERAL (SELECT x.name FROM subsidy_resident_record x WHERE x.atena_no = a.applicant_atena_no
                   AND x.recorded_to IS NULL ORDER BY lower(x.valid) DESC LIMIT 1) p ON TRUE
LEFT JOIN subsidy_sheet s ON s.application_id = a.id
LEFT JOIN subsidy_recipient_number n ON n.scheme = a.scheme AND n.atena_no = a.atena_no
LEFT JOIN LATERAL (SELECT id, issued_on, run_id FROM subsidy_certificate c WHERE c.scheme = a.scheme
                   AND c.atena_no = a.atena_no AND c.state = 'issued' ORDER BY c.id DESC LIMIT 1) c ON TRUE
WHERE a.id = %(id)s AND {limits}
"""
_DECISIONS = """
SELECT d.id, d.outcome, d.reasons, d.judged_on, d.decided_on, d.start, d."end", d.coverage, d.net_income,
       d.income_limit, d.version, n.id AS notice_id, n.kind AS notice_kind, n.issued_on AS notice_on,
       n.run_id IS NULL AS notice_here
FROM subsidy_decision d LEFT JOIN subsidy_notice n ON n.decision_id = d.id
WHERE d.application_id = %(id)s ORDER BY d.id DESC
"""
_KNOWN = "SELECT DISTINCT atena_no FROM subsidy_resident_record WHERE atena_no = ANY(%s) AND recorded_to IS NULL"


def list_applications(*, using: str, scope: Scope, on: date, state: str = "", after: int = 0) -> Page[Row]:
    """The newest first, fifty at a time."""
    text, asked = _within(scope, _LIST)
    # the schemes are named, so that few waiting ones among millions are found by the index on scheme and state
    asked |= {"ours": list(active_profile().schemes), "on": on, "state": state, "after": after, "rows": PAGE_ROWS + 1}
    found = fetch(using, text, asked)
    return page_of(found, key=lambda row: row["id"], after=str(after or ""))


def open_sheets(*, using: str, scope: Scope, on: date) -> list[Row]:
    """受付票 that wait for the second person or were sent back, the oldest first, at most fifty."""
    text, asked = _within(scope, _SHEETS)
    return fetch(using, text, {**asked, "on": on, "rows": PAGE_ROWS})


def show_application(*, using: str, application_id: int, scope: Scope, on: date) -> tuple[Row, list[Row]]:
    """One application with its decisions, the latest first. Raises NotInScope. Two statements."""
    text, asked = _within(scope, _ONE)
    found = fetch(using, text, {**asked, "on": on, "id": application_id})
    if not found:
        raise NotInScope(str(application_id))
    return found[0], fetch(using, _DECISIONS, {"id": application_id})


def unknown_people(*, using: str, atena_nos: Iterable[str]) -> set[str]:
    """Those of whom the register knows nothing."""
    asked = sorted(set(atena_nos))
    return set(asked) - {row["atena_no"] for row in fetch(using, _KNOWN, [asked])} if asked else set()


def _within(scope: Scope, query: str) -> tuple[str, dict[str, object]]:
    """The query with the limits of ward and scheme of one and the same grant, as named parameters."""
    text, values = scope.sql_pair(ward="r.ward_code", scheme="a.scheme")
    for place in range(len(values)):
        text = text.replace("%s", f"%(limit{place})s", 1)
    names = {f"limit{place}": value for place, value in enumerate(values)}
    return query.format(person=_PERSON, limits=text), dict(names)
