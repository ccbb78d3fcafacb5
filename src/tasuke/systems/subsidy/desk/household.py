"""One household on one day: everything that the page shows, in ten statements, within the limits of who looks."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.desk.notes import notes_of
from tasuke.systems.subsidy.desk.rows import Row, fetch
from tasuke.systems.subsidy.registry.protection import protected_sql

_CLAIM_MONTHS = 24
_NOTES = 8
_PERSON = """
SELECT c.atena_no, c.household_no, c.ward_code FROM subsidy_resident_record c
WHERE c.atena_no = %(person)s AND {known} ORDER BY (lower(c.valid) <= %(on)s) DESC, lower(c.valid) DESC LIMIT 1
"""
_MEMBERS = """
SELECT c.*, lower(c.valid) AS since, upper(c.valid) AS until,
       {protected} AS protected
FROM subsidy_resident_record c
WHERE {known} AND (
  c.household_no = %(household)s AND c.valid @> %(on)s::date
  OR c.atena_no = %(person)s AND c.id = (
    SELECT d.id FROM subsidy_resident_record d WHERE d.atena_no = %(person)s AND {known_d}
    ORDER BY (lower(d.valid) <= %(on)s) DESC, lower(d.valid) DESC LIMIT 1)
)
ORDER BY c.relationship_code, c.birth_date, c.atena_no
"""
_PROTECTED = protected_sql("c.atena_no", on="%(guarded_on)s")
# what is known of each member besides the register, as (kind, person, row): one statement for all tables
_HISTORIES = """
SELECT 'insurance' AS kind, h.atena_no, to_jsonb(h) AS row, lower(h.valid) AS since, upper(h.valid) AS until
FROM subsidy_insurance h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'account', h.atena_no, to_jsonb(h) || jsonb_build_object('branch_words', (
         SELECT b.bank_name || ' ' || b.branch_name FROM subsidy_bank_branch b
         WHERE b.bank_code = h.bank_code AND b.branch_code = h.branch_code AND b.valid @> %(on)s::date)),
       lower(h.valid), upper(h.valid)
FROM subsidy_account h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'welfare', h.atena_no, to_jsonb(h), lower(h.valid), upper(h.valid)
FROM subsidy_welfare_fact h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'single_parent', h.atena_no, to_jsonb(h), lower(h.valid), upper(h.valid)
FROM subsidy_single_parent_status h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'mailing', h.atena_no, to_jsonb(h), lower(h.valid), upper(h.valid)
FROM subsidy_mailing_address h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'paper_name', h.atena_no, to_jsonb(h), lower(h.valid), upper(h.valid)
FROM subsidy_name_on_papers h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
UNION ALL
SELECT 'relation', h.atena_no, to_jsonb(h), lower(h.valid), upper(h.valid)
FROM subsidy_relation h WHERE h.atena_no = ANY(%(people)s) AND {known} AND h.valid @> %(on)s::date
ORDER BY 1, 2, 4
"""
_ENTITLEMENTS = """
SELECT e.id, e.scheme, e.atena_no, e.recipient_no, e.payer_no, lower(e.valid) AS since, upper(e.valid) AS until,
       e.role, e.band, e.coverage, e.copay_class, e.funding, e.loss_reason, e.valid @> %(on)s::date AS in_force,
       k.missing_from, k.due_on, w.day AS renewal_on, e.valid @> w.day AND NOT EXISTS (
         SELECT 1 FROM subsidy_decision d WHERE d.atena_no = e.atena_no AND d.scheme = e.scheme
         AND d.kind = 'renewal' AND d.judged_on = w.day) AND NOT EXISTS (
         SELECT 1 FROM subsidy_decision d WHERE d.id = e.decision_id AND d.decided_on >= w.day) AS not_renewed
FROM subsidy_entitlement e
LEFT JOIN LATERAL (  -- the scheme's last 一斉更新
  SELECT max((b.parameters->>'on')::date) AS day FROM batch_run b WHERE b.job = 'renew' AND b.state = 'done'
    AND b.parameters->>'scheme' = e.scheme AND (b.parameters->>'on')::date <= %(on)s) w ON TRUE
LEFT JOIN subsidy_insurance_check k ON k.scheme = e.scheme AND k.atena_no = e.atena_no AND k.closed_on IS NULL
WHERE e.atena_no = ANY(%(people)s) AND {known} AND (%(schemes)s::text[] IS NULL OR e.scheme = ANY(%(schemes)s))
ORDER BY e.atena_no, e.scheme, lower(e.valid)
"""
_APPLICATIONS = """
SELECT a.id, a.application_no, a.scheme, a.kind, a.atena_no, a.applicant_atena_no, a.received_on,
       CASE WHEN NOT %(past)s OR a.state NOT IN ('received', 'held', 'decided') THEN a.state
            WHEN d.outcome IS NULL THEN 'received' WHEN d.outcome = 'pending' THEN 'held' ELSE 'decided' END AS state,
       d.outcome, d.reasons, d.decided_on
FROM subsidy_application a
LEFT JOIN LATERAL (SELECT outcome, reasons, decided_on FROM subsidy_decision d WHERE d.application_id = a.id
                   AND d.decided_on <= %(on)s AND d.recorded_at < coalesce(%(at)s, 'infinity'::timestamptz)
                   ORDER BY d.id DESC LIMIT 1) d ON TRUE
WHERE a.atena_no = ANY(%(people)s) AND a.received_on <= %(on)s
  AND NOT (a.kind = '4' AND starts_with(a.application_no, '届'))  -- stands among the 届出
  AND (%(schemes)s::text[] IS NULL OR a.scheme = ANY(%(schemes)s))
ORDER BY a.received_on DESC, a.id DESC LIMIT 30
"""
_PAPERS = """
SELECT 'certificate' AS paper, c.id, c.scheme, c.atena_no, c.recipient_no, c.kind, CASE
         WHEN NOT %(past)s OR c.state = 'issued' OR c.returned_on <= %(on)s THEN c.state
         WHEN EXISTS (SELECT 1 FROM subsidy_certificate n WHERE n.scheme = c.scheme AND n.atena_no = c.atena_no
                      AND n.id > c.id AND n.issued_on <= %(on)s) THEN 'replaced'
         WHEN EXISTS (SELECT 1 FROM subsidy_decision d WHERE d.scheme = c.scheme AND d.atena_no = c.atena_no
                      AND d.outcome = 'lost' AND d.decided_on BETWEEN c.issued_on AND %(on)s) THEN 'recall'
         ELSE 'issued' END AS state, c.issued_on,
       lower(c.valid) AS since, upper(c.valid) AS until, c.hand_delivery
FROM subsidy_certificate c WHERE c.atena_no = ANY(%(people)s) AND c.issued_on <= %(on)s
  AND (%(schemes)s::text[] IS NULL OR c.scheme = ANY(%(schemes)s))
UNION ALL
SELECT 'notice', n.id, n.scheme, n.atena_no, '', n.kind, '', n.issued_on, NULL, NULL, n.hand_delivery
FROM subsidy_notice n WHERE n.atena_no = ANY(%(people)s) AND n.issued_on <= %(on)s
  AND (%(schemes)s::text[] IS NULL OR n.scheme = ANY(%(schemes)s))
ORDER BY issued_on DESC, id DESC LIMIT 40
"""
_CLAIMS = """
SELECT c.atena_no, c.scheme, c.service_month, count(*) AS claims, sum(c.cost)::bigint AS cost,
       sum(c.burden + coalesce(e.burden, 0))::bigint AS burden,
       sum(c.subsidy + c.meals_subsidy + coalesce(e.subsidy, 0))::bigint AS subsidy,
       count(*) FILTER (WHERE c.state = 'query' AND e.last IS NULL) AS queries,
       count(*) FILTER (WHERE coalesce(e.last, c.state) IN ('return', 'refuse')) AS returned
FROM subsidy_claim c
LEFT JOIN LATERAL (  -- what people booked on it until then
  SELECT sum(x.burden) AS burden, sum(x.subsidy + x.meals_subsidy) AS subsidy,
         (array_agg(x.kind ORDER BY x.id DESC))[1] AS last
  FROM subsidy_claim_entry x WHERE x.claim_id = c.id AND x.decided_at < %(moment)s) e ON TRUE
WHERE c.atena_no = ANY(%(people)s)
  AND (%(at)s::timestamptz IS NULL
       OR EXISTS (SELECT 1 FROM exchange_inbound_file f WHERE f.id = c.file_id AND f.received_at < %(at)s))
  AND c.service_month BETWEEN %(on)s::date - make_interval(months => %(months)s) AND %(on)s
  AND (%(schemes)s::text[] IS NULL OR c.scheme = ANY(%(schemes)s))
GROUP BY c.atena_no, c.scheme, c.service_month ORDER BY c.service_month DESC, c.atena_no LIMIT 24
"""
_BENEFITS = """
SELECT r.id, r.receipt_id, r.atena_no, r.scheme, t.receipt_no, t.received_on, r.outcome, r.amount, r.decided_on
FROM subsidy_reimbursement r JOIN subsidy_receipt t ON t.id = r.receipt_id
WHERE r.atena_no = ANY(%(people)s) AND r.decided_on <= %(on)s
  AND r.recorded_at < coalesce(%(at)s, 'infinity'::timestamptz)
  AND (%(schemes)s::text[] IS NULL OR r.scheme = ANY(%(schemes)s))
ORDER BY r.decided_on DESC, r.id DESC LIMIT 24
"""
_NOTIFICATIONS = """
SELECT n.id, n.kind, n.atena_no, n.received_on, n.channel, n.effective_on, n.recorded_name, k.accepted,
       n.needs_check AND k.id IS NULL AS waiting
FROM subsidy_notification n
LEFT JOIN subsidy_notification_check k ON k.notification_id = n.id AND k.checked_at < %(moment)s
WHERE n.atena_no = ANY(%(people)s) AND n.received_on <= %(on)s
  AND n.recorded_at < coalesce(%(at)s, 'infinity'::timestamptz)
ORDER BY n.received_on DESC, n.id DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Household:
    """person: whose page this is; members: in the order of 続柄; histories: kind → rows; the rest: rows, newest first.

    hidden: members who live outside the limits of who looks. guarded: one of them all is under 支援措置, and nobody's
    address is told, since they live together.
    """

    person: Row
    members: list[Row]
    histories: dict[str, list[Row]]
    entitlements: list[Row]
    applications: list[Row]
    certificates: list[Row]
    notices: list[Row]
    claims: list[Row]
    reimbursements: list[Row]
    notifications: list[Row]
    notes: list[Row]
    hidden: int
    guarded: bool
    on: date
    known_at: datetime | None

    @property
    def in_force(self) -> list[Row]:
        """Entitlements that hold on the day."""
        return [row for row in self.entitlements if row["in_force"]]

    @property
    def atena_nos(self) -> list[str]:
        """Who is shown, for the audit trail."""
        return [member["atena_no"] for member in self.members]


class NotInScope(LookupError):
    """Nobody of that number within the limits of who asks; which of both, is not said."""


def show_household(
    *,
    using: str,
    atena_no: str,
    on: date,
    scope: Scope,
    known_at: datetime | None = None,
    whole: bool = True,
    today: date | None = None,
) -> Household:
    """The household of a person on a day, by what is known now or was known at a moment. Raises NotInScope.

    whole: False leaves out what a form does not need (applications, papers, claims, benefits, notes): four statements.
    today: where `on` may be another day: states are then those of that day, and who is protected today is guarded
    also on a day on which 支援措置 will have ended.
    """
    asked = _asked(atena_no, on, today or on, known_at)

    def run(query: str, alias: str = "c") -> list[Row]:
        text = query.format(known=known_sql(alias, known_at), known_d=known_sql("d", known_at), protected=_PROTECTED)
        return fetch(using, text, asked)

    found = run(_PERSON)
    if not found or not scope.allows(ward=found[0]["ward_code"]):
        raise NotInScope(atena_no)
    asked["household"] = found[0]["household_no"]
    everybody = run(_MEMBERS)
    guarded = any(m["protected"] for m in everybody)
    members = [
        _without_address(m) if guarded else m
        for m in everybody
        if m["atena_no"] == atena_no or scope.allows(ward=m["ward_code"])
    ]
    asked["people"] = [m["atena_no"] for m in members]
    asked["schemes"] = schemes_in(scope, found[0]["ward_code"])
    names = {m["atena_no"]: m for m in members}

    def rest(query: str) -> list[Row]:
        return _named(run(query), names) if whole else []

    papers = rest(_PAPERS)
    notes = notes_of(using=using, people=asked["people"], on=on, known_at=known_at, rows=_NOTES) if whole else []
    return Household(
        person=names[atena_no],
        members=members,
        histories=_by_kind(run(_HISTORIES, "h"), names, guarded=guarded),
        entitlements=_named(run(_ENTITLEMENTS, "e"), names),
        applications=rest(_APPLICATIONS),
        certificates=[p for p in papers if p["paper"] == "certificate"],
        notices=[p for p in papers if p["paper"] == "notice"],
        claims=rest(_CLAIMS),
        reimbursements=rest(_BENEFITS),
        notifications=rest(_NOTIFICATIONS),
        notes=_named(notes, names),
        hidden=len(everybody) - len(members),
        guarded=guarded,
        on=on,
        known_at=known_at,
    )


def schemes_in(scope: Scope, ward: str) -> list[str] | None:
    """Schemes that somebody may see of a person of this ward; None: all."""
    allowed: set[str] = set()
    for offices, schemes in scope.pairs or ((scope.offices, scope.schemes),):
        if offices is None or ward in offices:
            if schemes is None:
                return None
            allowed |= schemes
    return sorted(allowed)


def _asked(atena_no: str, on: date, today: date, known_at: datetime | None) -> dict[str, Any]:
    """Parameters of the statements. moment: behind the last thing that counts; at: where knowledge ends, None: now."""
    return {
        "person": atena_no,
        "on": on,
        "guarded_on": min(on, today),
        "months": _CLAIM_MONTHS,
        "at": known_at,
        "moment": known_at or _end_of(on),
        "past": known_at is not None or on < today,
    }


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo("Asia/Tokyo"))


def known_sql(alias: str, known_at: datetime | None) -> str:
    """Rows of a history by what is known now, or was known at the moment `%(at)s`."""
    if known_at is None:
        return f"{alias}.recorded_to IS NULL"
    return f"{alias}.recorded_from <= %(at)s AND ({alias}.recorded_to IS NULL OR {alias}.recorded_to > %(at)s)"


def _without_address(member: Row) -> Row:
    """支援措置: where the person lives, and with them the household, does not even reach the template."""
    return {**member, "address": "", "address_detail": "", "postal_code": "", "phone": ""}


def _named(rows: list[Row], names: dict[str, Row]) -> list[Row]:
    for row in rows:
        row["name"] = names[row["atena_no"]]["name"]
    return rows


def _by_kind(rows: list[Row], names: dict[str, Row], *, guarded: bool) -> dict[str, list[Row]]:
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in _named(rows, names):
        told = {**json.loads(row["row"]), **{k: row[k] for k in ("since", "until")}, "member": row["name"]}
        if row["kind"] != "paper_name":
            told["name"] = row["name"]
        told["happened_on"] = json.loads(row["row"]).get("since")  # of a status: `since` is the row's own period
        told["other_name"] = names.get(told.get("other_atena_no", ""), {}).get("name", "")
        if row["kind"] == "mailing" and guarded:
            told |= {"address": "", "address_detail": "", "postal_code": "", "addressee": "", "hidden": True}
        kinds[row["kind"]].append(told)
    return dict(kinds)
