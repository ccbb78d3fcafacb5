"""Frames of payments."""

from datetime import date

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out


def payments_frame(*, using: str, pay_on: date) -> pl.DataFrame:
    """Payments of a pay day, in the order of the transfer file."""
    return copy_out(
        connections[using],
        """SELECT p.id, p.payment_no, p.payee_atena_no, p.amount, p.bank_code, p.branch_code, p.account_kind,
                  p.account_no, p.holder, p.ward_code, p.state
           FROM subsidy_payment p JOIN subsidy_payment_batch b ON b.id = p.batch_id
           WHERE b.pay_on = %s ORDER BY p.payment_no""",
        [pay_on],
        schema={
            "payment_id": pl.Int64,
            "payment_no": pl.String,
            "payee_atena_no": pl.String,
            "amount": pl.Int64,
            "bank_code": pl.String,
            "branch_code": pl.String,
            "account_kind": pl.String,
            "account_no": pl.String,
            "holder": pl.String,
            "ward_code": pl.String,
            "state": pl.String,
        },
    )


def payment_items_frame(*, using: str, pay_on: date) -> pl.DataFrame:
    """What the payments of a pay day pay for."""
    return copy_out(
        connections[using],
        """SELECT p.payment_no, i.scheme, i.atena_no, i.receipt_no, i.funding, i.amount, i.source_id
           FROM subsidy_payment_item i
           JOIN subsidy_payment p ON p.id = i.payment_id JOIN subsidy_payment_batch b ON b.id = p.batch_id
           WHERE b.pay_on = %s ORDER BY p.payment_no, i.id""",
        [pay_on],
        schema={
            "payment_no": pl.String,
            "scheme": pl.String,
            "atena_no": pl.String,
            "receipt_no": pl.String,
            "funding": pl.String,
            "amount": pl.Int64,
            "source_id": pl.Int64,
        },
    )


def paid_sources(*, using: str) -> pl.DataFrame:
    """Reimbursements that stand in a payment whose money has not come back: source_id."""
    return copy_out(
        connections[using],
        "SELECT source_id FROM subsidy_payment_item WHERE source = 'reimbursement' AND NOT returned",
        schema={"source_id": pl.Int64},
    )


def retries_frame(*, using: str) -> pl.DataFrame:
    """Reimbursements whose transfer failed and is not replaced: reimbursement_id, replaces_id (the failed payment) and
    the corrected account, null until someone has corrected it."""
    return copy_out(
        connections[using],
        """SELECT i.source_id, p.id, c.bank_code, c.branch_code, c.account_kind, c.account_no, c.holder_kana
           FROM subsidy_payment_item i
           JOIN subsidy_payment p ON p.id = i.payment_id
           JOIN subsidy_failed_transfer f ON f.payment_id = p.id
           LEFT JOIN LATERAL (SELECT * FROM subsidy_account_correction a WHERE a.failure_id = f.id
                              ORDER BY a.id DESC LIMIT 1) c ON TRUE
           WHERE i.returned AND NOT EXISTS (SELECT 1 FROM subsidy_payment r WHERE r.replaces_id = p.id)
           ORDER BY i.id""",
        schema={
            "reimbursement_id": pl.Int64,
            "replaces_id": pl.Int64,
            "bank_code": pl.String,
            "branch_code": pl.String,
            "account_kind": pl.String,
            "account_no": pl.String,
            "holder_kana": pl.String,
        },
    )
