"""Frames and lists of claims for other areas and for screens."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.claims.frames import EARLIER_SCHEMA, Schema
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE, Claim, ClaimEntry, ClaimFinding

LEDGER_SCHEMA: Schema = {
    "claim_id": pl.Int64,
    "scheme": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "payer_no": pl.String,
    "funding": pl.String,
    "band": pl.String,
    "ward_code": pl.String,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "service_month": pl.Date,
    "billed_month": pl.Date,
    "days": pl.Int64,
    "cost": pl.Int64,
    "basis": pl.Int64,
    "burden": pl.Int64,
    "subsidy": pl.Int64,
    "meals_subsidy": pl.Int64,
    "state": pl.String,
    "agency": pl.String,
    "count": pl.Int64,
}

_LEDGER = """
SELECT id AS claim_id, scheme, atena_no, recipient_no, payer_no, funding, band, ward_code, care, inpatient,
    service_month, billed_month, coalesce(days, 0) AS days, cost, basis, billed_burden AS burden, subsidy,
    meals_subsidy, state, agency, 1 AS count
FROM subsidy_claim WHERE state = ANY(%(states)s) AND (%(months)s::date[] IS NULL OR billed_month = ANY(%(months)s))
UNION ALL
SELECT c.id, c.scheme, c.atena_no, c.recipient_no, c.payer_no, c.funding, c.band, c.ward_code, c.care, c.inpatient,
    c.service_month, e.booked_month, e.sign * coalesce(c.days, 0), e.sign * c.cost, e.sign * c.basis, e.burden,
    e.subsidy, e.meals_subsidy, 'accepted', c.agency, e.sign
FROM subsidy_claim_entry e JOIN subsidy_claim c ON c.id = e.claim_id
WHERE e.sign <> 0 AND 'accepted' = ANY(%(states)s)
    AND (%(months)s::date[] IS NULL OR e.booked_month = ANY(%(months)s))
ORDER BY claim_id, count DESC
"""


def ledger_frame(
    *, using: str, months: Sequence[date] | None = None, states: Sequence[str] = ("accepted",)
) -> pl.DataFrame:
    """給付台帳: every booking (LEDGER_SCHEMA) of the billed months (first days; None = all), in yen.

    Sums over the rows are the truth: `count` is 1 for a claim and −1 for a returned one (過誤), whose amounts are
    negative. billed_month is the month in which the row counts: 請求年月, of a later decision the booking month.
    states: what the import decided; only accepted claims carry a subsidy, others may be asked for as well.
    """
    parameters = {"states": list(states), "months": list(months) if months is not None else None}
    return copy_out(connections[using], _LEDGER, parameters, schema=LEDGER_SCHEMA)


_STATES = """
SELECT c.billed_month, c.scheme, c.care, coalesce(e.state, c.state) AS state, count(*) AS claims, sum(c.cost) AS cost
FROM subsidy_claim c
LEFT JOIN (
    SELECT DISTINCT ON (claim_id) claim_id, CASE kind WHEN 'accept' THEN 'accepted' ELSE 'return' END AS state
    FROM subsidy_claim_entry ORDER BY claim_id, id DESC
) e ON e.claim_id = c.id
WHERE %(months)s::date[] IS NULL OR c.billed_month = ANY(%(months)s)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def states_frame(*, using: str, months: Sequence[date] | None = None) -> pl.DataFrame:
    """How many claims stand in which state today: (billed_month, scheme, care, state, claims, cost)."""
    schema: Schema = {
        "billed_month": pl.Date,
        "scheme": pl.String,
        "care": pl.String,
        "state": pl.String,
        "claims": pl.Int64,
        "cost": pl.Int64,
    }
    parameters = {"months": list(months) if months is not None else None}
    return copy_out(connections[using], _STATES, parameters, schema=schema)


_FINDINGS = """
SELECT f.claim_id, c.file_id, c.line, c.state, c.scheme, c.atena_no, c.recipient_no, c.name, c.institution_code,
    c.service_month, c.billed_month, c.care, c.cost, c.expected_subsidy, f.reason, f.billed, f.ours, f.rule
FROM subsidy_claim_finding f JOIN subsidy_claim c ON c.id = f.claim_id
WHERE (%(months)s::date[] IS NULL OR c.billed_month = ANY(%(months)s)) AND c.state = ANY(%(states)s)
ORDER BY f.claim_id, f.reason
"""


def findings_frame(
    *, using: str, months: Sequence[date] | None = None, states: Sequence[str] = ("query", "return")
) -> pl.DataFrame:
    """疑義・資格過誤リスト: one row per claim and reason with the values of both sides."""
    schema: Schema = {
        "claim_id": pl.Int64,
        "file_id": pl.Int64,
        "line": pl.Int64,
        "state": pl.String,
        "scheme": pl.String,
        "atena_no": pl.String,
        "recipient_no": pl.String,
        "name": pl.String,
        "institution_code": pl.String,
        "service_month": pl.Date,
        "billed_month": pl.Date,
        "care": pl.String,
        "cost": pl.Int64,
        "expected_subsidy": pl.Int64,
        "reason": pl.String,
        "billed": pl.String,
        "ours": pl.String,
        "rule": pl.String,
    }
    parameters = {"states": list(states), "months": list(months) if months is not None else None}
    return copy_out(connections[using], _FINDINGS, parameters, schema=schema)


# A claim counts against a later one unless it went back: at the import, or by a later decision.
_COUNTS = """c.state <> 'return'
    AND NOT EXISTS (SELECT 1 FROM subsidy_claim_entry e WHERE e.claim_id = c.id AND e.kind IN ('refuse', 'return'))"""

_EARLIER = f"""
SELECT c.id AS claim_id, c.search_no, c.receipt_no, c.billed_month, c.scheme, c.atena_no, c.institution_code,
    c.service_month, c.care, c.inpatient, c.insurer_no, c.prescriber, c.cost, c.days, c.visit_days
FROM subsidy_claim c
WHERE c.service_month = ANY(%(months)s) AND c.care = ANY(%(cares)s) AND c.atena_no <> '' AND {_COUNTS}
    AND NOT (c.id >= %(own)s AND c.id < %(own)s + {LINES_PER_FILE})
"""  # noqa: S608 - constants only


def earlier_frame(*, using: str, months: Sequence[date], cares: Sequence[str], file_id: int | None) -> pl.DataFrame:
    """EARLIER_SCHEMA: claims of other files than file_id for these months and kinds of care that still count."""
    own = (file_id if file_id is not None else -1) * LINES_PER_FILE
    parameters = {"months": list(months), "cares": list(cares), "own": own}
    return copy_out(connections[using], _EARLIER, parameters, schema=EARLIER_SCHEMA)


PRIOR_SCHEMA: Schema = {
    "id": pl.String,
    "person_id": pl.String,
    "service_date": pl.Date,
    "birth_date": pl.Date,
    "copay_class": pl.String,
    "institution": pl.String,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "visits": pl.Int64,
    "first_visits": pl.Int64,
    "days": pl.Int64,
    "cost": pl.Int64,
    "burden": pl.Int64,
}

_PRIOR = f"""
SELECT c.id, c.atena_no AS person_id, c.service_month AS service_date, c.birth_date, c.copay_class,
    c.institution_code AS institution, c.care, c.inpatient, c.days AS visits, c.first_visits, c.days, c.cost,
    c.billed_burden AS burden
FROM subsidy_claim c
WHERE c.scheme = %(scheme)s AND c.service_month >= %(first)s AND c.service_month <= %(last)s
    AND (c.state = 'accepted'
        OR EXISTS (SELECT 1 FROM subsidy_claim_entry e WHERE e.claim_id = c.id AND e.kind = 'accept'))
    AND {_COUNTS} AND NOT (c.id >= %(own)s AND c.id < %(own)s + {LINES_PER_FILE})
ORDER BY c.id
"""  # noqa: S608 - constants only


def prior_frame(*, using: str, scheme: str, first: date, last: date, file_id: int | None) -> pl.DataFrame:
    """What recipients of a scheme kept by accepted claims of other files, as schemes.copayment.compute's `prior`."""
    own = (file_id if file_id is not None else -1) * LINES_PER_FILE
    parameters = {"scheme": scheme, "first": first, "last": last, "own": own}
    return copy_out(connections[using], _PRIOR, parameters, schema=PRIOR_SCHEMA)


_IN_KIND = f"""
SELECT c.id AS claim_id, c.search_no, c.receipt_no, c.billed_month, c.scheme, c.atena_no, c.institution_code,
    c.service_month, c.care, c.inpatient, c.insurer_no, c.prescriber, c.cost, c.days, c.visit_days
FROM subsidy_claim c
WHERE c.atena_no = ANY(%(persons)s) AND c.service_month = ANY(%(months)s) AND {_COUNTS}
"""  # noqa: S608 - constants only


def in_kind_frame(*, using: str, atena_nos: Sequence[str], months: Sequence[date]) -> pl.DataFrame:
    """Claims of these persons and service months that still count: what a reimbursement must not pay again."""
    parameters = {"persons": list(atena_nos), "months": list(months)}
    return copy_out(connections[using], _IN_KIND, parameters, schema=EARLIER_SCHEMA)


def claim_state(*, using: str, claim_id: int) -> str:
    """The state of a claim today: accepted, query or return. Raises Claim.DoesNotExist."""
    last = ClaimEntry.objects.using(using).filter(claim_id=claim_id).order_by("-id").first()
    if last is None:
        return str(Claim.objects.using(using).only("state").get(pk=claim_id).state)
    return "accepted" if last.kind == "accept" else "return"


def findings_of_claim(*, using: str, claim_id: int) -> list[ClaimFinding]:
    """The reasons of one claim with both values."""
    return list(ClaimFinding.objects.using(using).filter(claim_id=claim_id).order_by("reason"))
