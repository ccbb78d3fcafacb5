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
    """Sources that stand in a payment already."""
    return copy_out(
        connections[using],
        "SELECT source_id FROM subsidy_payment_item WHERE source = 'reimbursement'",
        schema={"source_id": pl.Int64},
    )
