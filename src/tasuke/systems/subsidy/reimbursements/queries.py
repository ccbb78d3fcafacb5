"""Frames of reimbursements for payments, statistics and the check of claims."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out
from tasuke.systems.subsidy.claims.frames import REIMBURSED_SCHEMA, Schema
from tasuke.systems.subsidy.registry.wards import wards_frame, with_ward

PAYABLE_SCHEMA: Schema = {
    "reimbursement_id": pl.Int64,
    "scheme": pl.String,
    "atena_no": pl.String,
    "payee_atena_no": pl.String,
    "amount": pl.Int64,
    "decided_on": pl.Date,
    "ward_code": pl.String,
    "funding": pl.String,
    "receipt_no": pl.String,
    "bank_code": pl.String,
    "branch_code": pl.String,
    "account_kind": pl.String,
    "account_no": pl.String,
    "holder_kana": pl.String,
}


def payable_frame(*, using: str) -> pl.DataFrame:
    """支給決定 with an amount (PAYABLE_SCHEMA), oldest first; account columns are null unless the receipt names one.

    What is in a payment already is known to the area of payments, which leaves it out.
    """
    query = """
    SELECT b.id, b.scheme, b.atena_no, b.payee_atena_no, b.amount, b.decided_on, b.ward_code, b.funding, r.receipt_no,
        nullif(r.bank_code, ''), nullif(r.branch_code, ''), nullif(r.account_kind, ''), nullif(r.account_no, ''),
        nullif(r.holder_kana, '')
    FROM subsidy_reimbursement b JOIN subsidy_receipt r ON r.id = b.receipt_id
    WHERE b.outcome = 'granted' ORDER BY b.decided_on, b.id
    """
    frame = copy_out(connections[using], query, schema=PAYABLE_SCHEMA)
    return frame.with_columns(pl.col("ward_code", "funding").fill_null(""))


LEDGER_SCHEMA: Schema = {
    "claim_id": pl.Int64,
    "reimbursement_id": pl.Int64,
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


def reimbursement_ledger_frame(*, using: str, months: Sequence[date] | None = None) -> pl.DataFrame:
    """給付台帳 of 償還払い, one row per granted line (columns as claims.queries.LEDGER_SCHEMA, in yen).

    months: first days of the months of decision (None = all), which is what billed_month holds here. claim_id is the
    id of the receipt line; payer_no and agency are empty, nobody bills. ward_code: of the day of care of each line.
    """
    query = """
    SELECT l.receipt_line_id AS claim_id, b.id, b.scheme, b.atena_no, b.recipient_no, '' AS payer_no, b.funding, l.band,
        b.ward_code, s.care, s.inpatient, date_trunc('month', s.service_date)::date,
        date_trunc('month', b.decided_on)::date,
        s.days, s.cost, l.basis, l.burden, l.subsidy, l.meals_subsidy, 'accepted', '', 1, s.service_date
    FROM subsidy_reimbursement_line l
    JOIN subsidy_reimbursement b ON b.id = l.reimbursement_id
    JOIN subsidy_receipt_line s ON s.id = l.receipt_line_id
    WHERE l.outcome = 'granted'
        AND (%(months)s::date[] IS NULL OR date_trunc('month', b.decided_on)::date = ANY(%(months)s))
    ORDER BY claim_id
    """
    parameters = {"months": list(months) if months is not None else None}
    rows = copy_out(connections[using], query, parameters, schema=LEDGER_SCHEMA | {"service_date": pl.Date})
    wards = wards_frame(using=using, atena_nos=rows["atena_no"])
    frame = with_ward(rows, wards, day=pl.col("service_date")).select(list(LEDGER_SCHEMA))
    return frame.with_columns(pl.col("payer_no", "funding", "band", "agency", "recipient_no").fill_null(""))


def reimbursed_frame(*, using: str, months: Sequence[date]) -> pl.DataFrame:
    """What was paid back for care in these service months (claims.frames.REIMBURSED_SCHEMA)."""
    query = """
    SELECT r.receipt_no, s.atena_no, s.institution_code, s.service_date, s.care, s.inpatient,
        l.subsidy + l.meals_subsidy
    FROM subsidy_reimbursement_line l
    JOIN subsidy_receipt_line s ON s.id = l.receipt_line_id
    JOIN subsidy_receipt r ON r.id = s.receipt_id
    WHERE l.outcome = 'granted' AND date_trunc('month', s.service_date)::date = ANY(%(months)s)
        AND s.institution_code <> '' ORDER BY l.id
    """
    return copy_out(connections[using], query, {"months": list(months)}, schema=REIMBURSED_SCHEMA)


LINE_SCHEMA: Schema = {
    "line_id": pl.Int64,
    "receipt_id": pl.Int64,
    "receipt_no": pl.String,
    "line_no": pl.Int64,
    "applicant_atena_no": pl.String,
    "received_on": pl.Date,
    "has_account": pl.Boolean,
    "scheme": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "service_date": pl.Date,
    "institution_code": pl.String,
    "institution_name": pl.String,
    "care": pl.String,
    "inpatient": pl.Boolean,
    "first_visits": pl.Int64,
    "visits": pl.Int64,
    "days": pl.Int64,
    "cost": pl.Int64,
    "benefit_rate": pl.Int64,
    "patient_share": pl.Int64,
    "high_cost": pl.Int64,
    "extra_benefit": pl.Int64,
    "meals": pl.Int64,
    "public_share": pl.Int64,
    "paid": pl.Int64,
    "paid_on": pl.Date,
    "reason": pl.String,
    "decided": pl.Boolean,
    "granted": pl.Boolean,
    "burden": pl.Int64,
}


def lines_frame(*, using: str, received_until: date, run_id: int | None) -> pl.DataFrame:
    """All receipt lines received up to a day (LINE_SCHEMA). decided: by another run than run_id, so that a resumed run
    looks at its own lines again."""
    query = """
    SELECT s.id, r.id, r.receipt_no, s.line_no, r.applicant_atena_no, r.received_on, r.account_no <> '', s.scheme,
        s.atena_no, s.recipient_no, s.service_date, s.institution_code, s.institution_name, s.care, s.inpatient,
        s.first_visits, s.visits, s.days, s.cost, s.benefit_rate, s.patient_share, s.high_cost, s.extra_benefit,
        s.meals, s.public_share, s.paid, s.paid_on, s.reason, b.id IS NOT NULL,
        coalesce(l.outcome = 'granted' AND b.id IS NOT NULL, false), l.burden
    FROM subsidy_receipt_line s
    JOIN subsidy_receipt r ON r.id = s.receipt_id
    LEFT JOIN subsidy_reimbursement_line l ON l.receipt_line_id = s.id
    LEFT JOIN subsidy_reimbursement b ON b.id = l.reimbursement_id AND b.run_id <> %(run)s
    WHERE r.received_on <= %(until)s ORDER BY r.received_on, r.receipt_no, s.line_no
    """
    parameters = {"until": received_until, "run": run_id if run_id is not None else 0}
    frame = copy_out(connections[using], query, parameters, schema=LINE_SCHEMA)
    return frame.with_columns(pl.col("recipient_no", "institution_code").fill_null(""))


def held_frame(*, using: str) -> pl.DataFrame:
    """保留 today: (receipt_no, line_no, scheme, atena_no, held_on, reasons), the last hold of each undecided line."""
    query = """
    SELECT DISTINCT ON (s.id) r.receipt_no, s.line_no, s.scheme, s.atena_no, h.held_on,
        array_to_string(h.reasons, E'\\x1f')
    FROM subsidy_receipt_hold h
    JOIN subsidy_receipt_line s ON s.id = h.receipt_line_id
    JOIN subsidy_receipt r ON r.id = s.receipt_id
    WHERE NOT EXISTS (SELECT 1 FROM subsidy_reimbursement_line l WHERE l.receipt_line_id = s.id)
    ORDER BY s.id, h.id DESC
    """
    schema: Schema = {
        "receipt_no": pl.String,
        "line_no": pl.Int64,
        "scheme": pl.String,
        "atena_no": pl.String,
        "held_on": pl.Date,
        "reasons": pl.List(pl.String),
    }
    return copy_out(connections[using], query, schema=schema)


def decisions_frame(*, using: str, decided_on: date | None = None, untold_until: date | None = None) -> pl.DataFrame:
    """支給決定・不支給 for notices: (reimbursement_id, receipt_no, scheme, atena_no, payee_atena_no, ward_code,
    outcome, amount, received_on, decided_on, reasons), reasons of all its lines.

    untold_until: only decisions up to a day that have no notice yet.
    """
    query = """
    SELECT b.id, r.receipt_no, b.scheme, b.atena_no, b.payee_atena_no, b.ward_code, b.outcome, b.amount, r.received_on,
        b.decided_on,
        (SELECT string_agg(DISTINCT reason, E'\\x1f') FROM subsidy_reimbursement_line l, unnest(l.reasons) AS reason
         WHERE l.reimbursement_id = b.id)
    FROM subsidy_reimbursement b JOIN subsidy_receipt r ON r.id = b.receipt_id
    WHERE (%(on)s::date IS NULL OR b.decided_on = %(on)s)
        AND (%(until)s::date IS NULL
             OR (b.decided_on <= %(until)s
                 AND NOT EXISTS (SELECT 1 FROM subsidy_reimbursement_notice n WHERE n.reimbursement_id = b.id)))
    ORDER BY b.id
    """
    schema: Schema = {
        "reimbursement_id": pl.Int64,
        "receipt_no": pl.String,
        "scheme": pl.String,
        "atena_no": pl.String,
        "payee_atena_no": pl.String,
        "ward_code": pl.String,
        "outcome": pl.String,
        "amount": pl.Int64,
        "received_on": pl.Date,
        "decided_on": pl.Date,
        "reasons": pl.List(pl.String),
    }
    return copy_out(connections[using], query, {"on": decided_on, "until": untold_until}, schema=schema)


TOLD_LINE_SCHEMA: Schema = {
    "reimbursement_id": pl.Int64,
    "line_no": pl.Int64,
    "service_date": pl.Date,
    "institution_name": pl.String,
    "paid": pl.Int64,
    "given_back": pl.Int64,
    "basis": pl.Int64,
    "burden": pl.Int64,
    "subsidy": pl.Int64,
    "reasons": pl.List(pl.String),
}


def untold_lines_frame(*, using: str, until: date) -> pl.DataFrame:
    """Lines of the decisions up to a day that have no notice yet (TOLD_LINE_SCHEMA), in yen.

    given_back: 高額療養費 and 付加給付; subsidy: with that of meals, so that a notice's lines add up to its amount.
    """
    query = """
    SELECT b.id, s.line_no, s.service_date, s.institution_name, s.paid, s.high_cost + s.extra_benefit, l.basis,
        l.burden, l.subsidy + l.meals_subsidy, array_to_string(l.reasons, E'\\x1f')
    FROM subsidy_reimbursement_line l
    JOIN subsidy_reimbursement b ON b.id = l.reimbursement_id
    JOIN subsidy_receipt_line s ON s.id = l.receipt_line_id
    WHERE b.decided_on <= %s
        AND NOT EXISTS (SELECT 1 FROM subsidy_reimbursement_notice n WHERE n.reimbursement_id = b.id)
    ORDER BY b.id, s.line_no
    """
    return copy_out(connections[using], query, [until], schema=TOLD_LINE_SCHEMA)
