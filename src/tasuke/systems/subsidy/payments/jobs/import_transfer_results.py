"""import-transfer-results {"path"}: transfers that the bank sent back, as a file; rows as if recorded by hand.

A row is checked against the payment that it names: day, account, amount, state. One that was recorded before, by hand
or by another file, changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from django.utils.timezone import localdate

from tasuke.core.problems import Problem, Severity
from tasuke.core.wareki import to_wareki
from tasuke.formats import transfer_result_feed
from tasuke.platform.batch.job import ChunkResult, RunContext, register
from tasuke.systems.subsidy.payments.models import (
    FailedTransfer,
    FailureReason,
    Payment,
    PaymentState,
    TransferDownload,
)
from tasuke.systems.subsidy.payments.services.record_failed_transfer import (
    NotTransferred,
    ReturnedAmountDiffers,
    ReturnedOnImpossible,
    record_failed_transfer,
)
from tasuke.systems.subsidy.registry.feeds import Feed, feed_job

NAME = "import-transfer-results"
KIND = "transfer-results"
_RECALLED = "2"
_REASONS = {
    "01": FailureReason.NO_ACCOUNT,
    "02": FailureReason.NAME_DIFFERS,
    "03": FailureReason.CLOSED,
    "04": FailureReason.KIND_DIFFERS,
    "05": FailureReason.BRANCH_DIFFERS,
    "06": FailureReason.PAYEE,
    "99": FailureReason.OTHER,
}
_ACCOUNT = ("bank_code", "branch_code", "account_kind", "account_no")
Row = Mapping[str, Any]


def prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Parsed rows in the order of the file."""
    return frame.with_columns(order=pl.col("seq"))


def reason_of(row: Row) -> FailureReason:
    """What is recorded of a row: a recall has no other reason."""
    return FailureReason.RECALLED if row["result"] == _RECALLED else _REASONS[row["reason"]]


def check(context: RunContext, frame: pl.DataFrame) -> Sequence[Problem]:
    """Rows that do not fit the payment that they name, and rows that say what is recorded already."""
    rows = list(frame.iter_rows(named=True))
    found = Payment.objects.using(context.using).filter(payment_no__in=frame["payment_no"].to_list())
    payments = {p.payment_no: p for p in found.select_related("batch")}
    taken = TransferDownload.objects.using(context.using).filter(batch__rows__in=found)
    taken_batches = set(taken.values_list("batch_id", flat=True))
    recorded = FailedTransfer.objects.using(context.using).filter(payment__in=found)
    failures = {f.payment_id: f for f in recorded}
    today = localdate(context.now)
    problems: list[Problem | None] = []
    for row in rows:
        payment = payments.get(row["payment_no"])
        if payment is None:
            problems.append(_wrong("unknown_payment", row, "payment_no", "この支払番号の支払はありません。"))
        elif payment.pk in failures:
            problems.append(_recorded(row, failures[payment.pk]))
        else:
            problems.append(_unlike(row, payment, taken=payment.batch_id in taken_batches, today=today))
    return [p for p in problems if p is not None]


def apply(context: RunContext, rows: pl.DataFrame, file_id: int) -> ChunkResult:
    """Record what came back; a row that somebody recorded since the plan is told and changes nothing."""
    counts: Counter[str] = Counter({"振込不能にした支払": 0})
    problems = []
    known = set(_already(context.using, rows["payment_no"].to_list()))
    for row in rows.iter_rows(named=True):
        if row["payment_no"] in known:
            counts["記録済み"] += 1
            continue
        try:
            record_failed_transfer(
                using=context.using, payment_no=row["payment_no"], returned_on=row["returned_on"],
                reason=reason_of(row), returned_amount=row["amount"], fee=row["fee"] or 0, by=context.by,
                now=context.now,
            )  # fmt: skip
        except (NotTransferred, ReturnedOnImpossible, ReturnedAmountDiffers) as refused:
            problems.append(_wrong("changed_meanwhile", row, "payment_no", f"{refused}。"))
        else:
            counts["振込不能にした支払"] += 1
            counts["戻った金額(円)"] += row["amount"]
    return ChunkResult(counts=dict(counts), problems=problems)


def _already(using: str, payment_nos: Iterable[str]) -> list[str]:
    found = FailedTransfer.objects.using(using).filter(payment__payment_no__in=list(payment_nos))
    return list(found.values_list("payment__payment_no", flat=True))


def _unlike(row: Row, payment: Payment, *, taken: bool, today: date) -> Problem | None:
    """The first thing in which a row does not fit its payment."""
    if row["pay_on"] != payment.batch.pay_on:
        message = f"支払{payment}の支払日は{to_wareki(payment.batch.pay_on)}です。"
        return _wrong("pay_day_differs", row, "pay_on", message)
    if any(row[name] != getattr(payment, name) for name in _ACCOUNT):
        return _wrong("account_differs", row, "account_no", f"支払{payment}を振り込んだ口座と違います。")
    if row["amount"] != payment.amount:
        message = f"支払{payment}は{payment.amount:,}円です。{row['amount']:,}円と合いません。"
        return _wrong("amount_differs", row, "amount", message)
    if payment.state not in (PaymentState.SENT, PaymentState.PAID) or not taken:
        return _wrong("not_transferred", row, "payment_no", f"支払{payment}の振込データは、まだ取り出していません。")
    if row["returned_on"] > today:
        return _wrong("returned_on_ahead", row, "returned_on", "返金日が今日より後です。")
    return None


def _recorded(row: Row, failure: FailedTransfer) -> Problem:
    """The same is a note; something else has to be looked at, and what stands is not touched."""
    same = (failure.returned_on, failure.reason, failure.returned_amount, failure.fee) == (
        row["returned_on"], reason_of(row), row["amount"], row["fee"] or 0,
    )  # fmt: skip
    if same:
        told = _wrong("recorded_already", row, "payment_no", "記録済みです。何も変わりません。")
        return replace(told, severity=Severity.WARNING)
    message = (
        f"振込不能は記録済みですが、内容が違います(返金日 {to_wareki(failure.returned_on)}、"
        f"理由 {failure.get_reason_display()}、手数料 {failure.fee:,}円)。"
    )
    return _wrong("recorded_otherwise", row, "payment_no", message)


def _wrong(code: str, row: Row, field: str, message: str) -> Problem:
    # the value of an account stays out of the list of problems
    value = None if field == "account_no" else f"{row[field]}"
    label = transfer_result_feed.LAYOUT.field(field).label
    return Problem(code, message, line=row["line"], field=label, value=value)


JOB = register(
    feed_job(
        NAME,
        Feed(
            kind=KIND,
            title="振込結果の取込",
            parse=transfer_result_feed.parse,
            apply=apply,
            prepare=prepare,
            person="payment_no",
            check=check,
        ),
    )
)
