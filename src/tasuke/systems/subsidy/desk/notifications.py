"""届出 as the desk shows them, within the limits of who looks."""

import json
from collections.abc import Iterable
from datetime import date

from tasuke.platform.access import Scope
from tasuke.platform.ui.paging import PAGE_ROWS
from tasuke.systems.subsidy.desk.household import NotInScope, schemes_in
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.registry.protection import protected_sql

_ONE = """
SELECT n.*, r.name, r.birth_date, p.name AS notifier_name,
       k.accepted, k.remark AS check_remark, k.checked_at, k.checked_name,
       n.needs_check AND k.id IS NULL AS waiting,
       {protected} AS protected
FROM subsidy_notification n
LEFT JOIN subsidy_notification_check k ON k.notification_id = n.id
LEFT JOIN LATERAL (
  SELECT c.name, c.birth_date, c.ward_code FROM subsidy_resident_record c
  WHERE c.atena_no = n.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1) r ON TRUE
LEFT JOIN LATERAL (
  SELECT c.name FROM subsidy_resident_record c
  WHERE c.atena_no = n.content->>'notifier_atena_no' AND c.recorded_to IS NULL
  ORDER BY lower(c.valid) DESC LIMIT 1) p ON TRUE
WHERE n.id = %(id)s AND {limits}
"""
_PROTECTED = protected_sql("n.atena_no", on="%(on)s")
# a 届出 and what was decided by it share the moment of recording, or of the second person's check
_LETTERS = """
SELECT d.id, d.scheme, d.atena_no, r.name, o.id AS notice_id, o.issued_on AS notice_on, o.run_id IS NULL AS notice_here
FROM subsidy_notification n
LEFT JOIN subsidy_notification_check k ON k.notification_id = n.id
JOIN subsidy_decision d ON d.recorded_at = coalesce(k.checked_at, n.recorded_at) AND d.outcome = 'lost'
                       AND d.atena_no = ANY(%(people)s)
LEFT JOIN LATERAL (SELECT c.name FROM subsidy_resident_record c WHERE c.atena_no = d.atena_no
                   AND c.recorded_to IS NULL ORDER BY lower(c.valid) DESC LIMIT 1) r ON TRUE
LEFT JOIN subsidy_notice o ON o.decision_id = d.id
WHERE n.id = %(id)s ORDER BY d.id
"""
_PAPERS = """
SELECT DISTINCT ON (c.scheme, c.atena_no) c.id, c.scheme, c.atena_no, c.state, c.issued_on, c.run_id IS NULL AS here,
       c.id > %(old)s AND c.issued_on >= %(since)s AS fresh
FROM subsidy_certificate c WHERE c.atena_no = ANY(%(people)s) ORDER BY c.scheme, c.atena_no, c.id DESC
"""
_WAITING = """
SELECT n.id, n.kind, n.atena_no, n.recorded_at, n.recorded_name, r.name, r.birth_date
FROM subsidy_notification n
LEFT JOIN LATERAL (
  SELECT c.name, c.birth_date, c.ward_code FROM subsidy_resident_record c
  WHERE c.atena_no = n.atena_no AND c.recorded_to IS NULL
  ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1) r ON TRUE
WHERE n.needs_check AND {limits}
  AND NOT EXISTS (SELECT 1 FROM subsidy_notification_check k WHERE k.notification_id = n.id)
ORDER BY n.id LIMIT %(rows)s
"""
_SEEN = "SELECT coalesce(max(id), 0) AS seen FROM subsidy_notification WHERE atena_no = ANY(%s)"


def last_notification(*, using: str, people: Iterable[str]) -> int:
    """The newest 届出 of some persons, 0 for none: what a form has seen when it is opened. One statement."""
    return int(fetch(using, _SEEN, [sorted(people)])[0]["seen"])


def waiting_notifications(*, using: str, scope: Scope, on: date) -> list[Row]:
    """届出 that wait for the second person, the oldest first, at most fifty. One statement."""
    limits, wards = scope.sql("coalesce(r.ward_code, n.ward_code)")
    text = _WAITING.format(limits=limits.replace("%s", "%(wards)s"))
    return fetch(using, text, {"on": on, "wards": wards[0] if wards else [], "rows": PAGE_ROWS})


def show_notification(*, using: str, notification_id: int, scope: Scope, on: date) -> Row:
    """One 届出, with `letters` (losses to be told) and `papers` (certificates to be made). Raises NotInScope.

    What it did to schemes outside the limits is left out. Three statements.
    """
    limits, wards = scope.sql("coalesce(r.ward_code, n.ward_code)")
    text = _ONE.format(limits=limits.replace("%s", "%(wards)s"), protected=_PROTECTED)
    found = fetch(using, text, {"id": notification_id, "on": on, "wards": wards[0] if wards else []})
    if not found:
        raise NotInScope(str(notification_id))
    told = found[0]
    allowed = schemes_in(scope, told["ward_code"])
    told |= {name: json.loads(told[name]) for name in ("content", "effect")}
    effect = told["effect"]
    for part in ("entitlements", "certificates"):
        effect[part] = [row for row in effect[part] if allowed is None or row["scheme"] in allowed]
    people = sorted({told["atena_no"], *(row["atena_no"] for row in effect["entitlements"])})
    letters = fetch(using, _LETTERS, {"id": notification_id, "people": people})
    told["letters"] = [row for row in letters if allowed is None or row["scheme"] in allowed]
    in_force = told["accepted"] or not told["needs_check"]  # else nothing has happened that papers could follow
    since = (told["checked_at"] or told["recorded_at"]).date()
    told["papers"] = _papers(using, effect["certificates"], since) if in_force else []
    told["number"] = f"届{told['id']:09d}"
    return told


def _papers(using: str, needs: list[Row], since: date) -> list[Row]:
    """What was needed, each with the certificate that was made since (`made`)."""
    if not needs:
        return []
    people = sorted({need["atena_no"] for need in needs})
    oldest = min((need["certificate_id"] or 0 for need in needs), default=0)
    rows = fetch(using, _PAPERS, {"people": people, "old": oldest, "since": since})
    latest = {(row["scheme"], row["atena_no"]): row for row in rows}
    told = []
    for need in needs:
        newest = latest.get((need["scheme"], need["atena_no"]))
        made = newest if newest and newest["id"] > (need["certificate_id"] or 0) and newest["fresh"] else None
        told.append({**need, "made": made, "state": newest["state"] if newest else ""})
    return told
