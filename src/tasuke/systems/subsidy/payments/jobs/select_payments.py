"""select-payments {"pay_on"}: what is decided and not yet paid, by payee and account. A second person approves.

A run that was killed plans only what is left, so its chunks follow those that are committed.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections
from django.db.models import Max

from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in, copy_out
from tasuke.systems.subsidy.certificates.queries import done_chunks
from tasuke.systems.subsidy.payments.bank_table import banks_on
from tasuke.systems.subsidy.payments.days import pay_day
from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentItem, PaymentState
from tasuke.systems.subsidy.payments.queries import paid_sources, retries_frame
from tasuke.systems.subsidy.payments.selection import Selected, select_payments
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import accounts_frame
from tasuke.systems.subsidy.registry.wards import wards_frame, with_ward
from tasuke.systems.subsidy.reimbursements.queries import payable_frame

NAME = "select-payments"
PER_CHUNK = 5_000
_COLUMNS = (
    "batch_id", "payment_no", "payee_atena_no", "amount", "bank_code", "branch_code", "account_kind", "account_no",
    "holder", "public_account", "ward_code", "replaces_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Work:
    selected: Selected
    pay_on: date
    done: int  # chunks of an earlier, killed attempt


def _plan(context: RunContext) -> Plan:
    pay_on = pay_day(str(context.parameters["pay_on"]))
    payable = payable_frame(using=context.using).join(
        paid_sources(using=context.using), left_on="reimbursement_id", right_on="source_id", how="anti"
    )
    # the office that answers the payee's questions is that of where the payee lives on the pay day
    wards = wards_frame(using=context.using, atena_nos=payable["payee_atena_no"])
    payable = with_ward(payable, wards, day=pl.lit(pay_on), person="payee_atena_no")
    banks = banks_on(context.using, pay_on)
    selected = select_payments(
        payable,
        accounts_frame(using=context.using, on=pay_on, atena_nos=payable["payee_atena_no"]),
        retries_frame(using=context.using),
        master=banks.master,
        closed=banks.closed,
        on=pay_on,
        wo=active_profile().bank.wo,
    )
    payments, total = selected.payments.height, int(selected.payments["amount"].sum())
    done = done_chunks(using=context.using, job=NAME, parameters=context.parameters)
    counts = {
        "支払": payments,
        "支払金額": total,
        "根拠": selected.items.height,
        "うち振込不能の再振込": selected.payments.filter(pl.col("replaces") != 0).height,
        "口座不備による保留": selected.held.height,
    }
    return Plan(
        counts=counts,
        chunks=done + -(-payments // PER_CHUNK),
        work=_Work(selected, pay_on, done),
        comparisons=_compare(context, pay_on, selected, payable),
        problems=[*banks.problems, *selected.problems],
    )


def _compare(context: RunContext, pay_on: date, selected: Selected, payable: pl.DataFrame) -> list[Comparison]:
    payments, total = selected.payments.height, int(selected.payments["amount"].sum())
    last = PaymentBatch.objects.using(context.using).filter(pay_on__lt=pay_on).order_by("-pay_on").first()
    return [
        Comparison("支払件数(前回)", payments, last.payments if last else None),
        Comparison("支払金額(前回)", total, last.total if last else None),
        Comparison(
            "支給決定の金額と、支払+保留の金額",
            total + int(selected.held["amount"].sum()),
            int(payable["amount"].sum()),
        ),
        Comparison("支給決定の件数と、支払+保留の件数", selected.items.height + selected.held.height, payable.height),
    ]


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    payments = work.selected.payments.slice((number - work.done) * PER_CHUNK, PER_CHUNK)
    batch, _ = PaymentBatch.objects.using(context.using).get_or_create(
        pay_on=work.pay_on, defaults={"run_id": context.applied_run}
    )
    numbered = payments.with_columns(
        payment_no=_payment_numbers(context.using, payments.height),
        batch_id=pl.lit(batch.pk),
        replaces_id=pl.when(pl.col("replaces") != 0).then(pl.col("replaces")),
        state=pl.lit(PaymentState.SELECTED.value),
    )
    connection = connections[context.using]
    copy_in(connection, Payment._meta.db_table, numbered.select(*_COLUMNS, "state"))
    ids = copy_out(
        connection,
        "SELECT id, payment_no FROM subsidy_payment WHERE batch_id = %s",
        [batch.pk],
        schema={"payment_id": pl.Int64, "payment_no": pl.String},
    )
    items = work.selected.items.join(numbered.select("number", "payment_no"), on="number").join(ids, on="payment_no")
    names = ("payment_id", "source_id", "scheme", "atena_no", "receipt_no", "funding", "amount")
    rows = items.select(*names, source=pl.lit("reimbursement"), returned=pl.lit(False))
    copy_in(connection, PaymentItem._meta.db_table, rows)
    total = int(payments["amount"].sum())
    batch.payments, batch.total = batch.payments + payments.height, batch.total + total
    batch.save(using=context.using, update_fields=["payments", "total"])
    return ChunkResult(counts={"支払": payments.height, "支払金額": total})


def _payment_numbers(using: str, count: int) -> pl.Series:
    """The next numbers, 10 digits; they go on over pay days and are given out by one transaction at a time."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('payment-number'))")
    last = int(Payment.objects.using(using).aggregate(last=Max("payment_no"))["last"] or 0)
    return pl.Series(values=[f"{last + n:010d}" for n in range(1, count + 1)], dtype=pl.String)


JOB = register(Job(name=NAME, title="支払対象の抽出", plan=_plan, apply_chunk=_apply, needs_approval=True))
