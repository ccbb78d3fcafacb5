"""select-payments {"pay_on"}: what is decided and not yet paid, by payee and account. A second person approves."""

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connections
from django.db.models import Max

from tasuke.formats import bank_master
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in, copy_out
from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentItem
from tasuke.systems.subsidy.payments.queries import paid_sources
from tasuke.systems.subsidy.payments.selection import Selected, select_payments
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import accounts_frame
from tasuke.systems.subsidy.reimbursements.queries import payable_frame

PER_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class _Work:
    selected: Selected
    pay_on: date


def _plan(context: RunContext) -> Plan:
    pay_on = date.fromisoformat(context.parameters["pay_on"])
    payable = payable_frame(using=context.using)
    paid = _paid_by_others(context)
    payable = payable.join(paid, left_on="reimbursement_id", right_on="source_id", how="anti")
    accounts = accounts_frame(using=context.using, on=pay_on, atena_nos=payable["payee_atena_no"])
    profile = active_profile()
    selected = select_payments(payable, accounts, master=bank_master.load(), on=pay_on, wo=profile.bank.wo)
    payments, total = selected.payments.height, int(selected.payments["amount"].sum())
    last = PaymentBatch.objects.using(context.using).filter(pay_on__lt=pay_on).order_by("-pay_on").first()
    comparisons = [
        Comparison("支払件数(前回)", payments, last.payments if last else None),
        Comparison("支払金額(前回)", total, last.total if last else None),
        Comparison("支給決定の金額と、支払+保留の金額", total + _held(payable, selected), int(payable["amount"].sum())),
    ]
    counts = {"支払": payments, "支払金額": total, "根拠": selected.items.height, "口座不備": len(selected.problems)}
    return Plan(
        counts=counts,
        chunks=-(-payments // PER_CHUNK),
        work=_Work(selected, pay_on),
        comparisons=comparisons,
        problems=selected.problems,
    )


def _paid_by_others(context: RunContext) -> pl.DataFrame:
    if context.run_id is None:
        return paid_sources(using=context.using)
    # a resumed run selects the same rows again, so that its chunks stay the same
    return copy_out(
        connections[context.using],
        """SELECT i.source_id FROM subsidy_payment_item i JOIN subsidy_payment p ON p.id = i.payment_id
           JOIN subsidy_payment_batch b ON b.id = p.batch_id WHERE i.source = 'reimbursement' AND b.run_id <> %s""",
        [context.run_id],
        schema={"source_id": pl.Int64},
    )


def _held(payable: pl.DataFrame, selected: Selected) -> int:
    held = payable.join(
        selected.items.select("source_id"), left_on="reimbursement_id", right_on="source_id", how="anti"
    )
    return int(held["amount"].sum())


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    payments = work.selected.payments.slice(number * PER_CHUNK, PER_CHUNK)
    batch, _ = PaymentBatch.objects.using(context.using).get_or_create(
        pay_on=work.pay_on, defaults={"run_id": context.applied_run}
    )
    first = _first_number(context, batch)
    numbered = payments.with_columns(
        payment_no=(pl.col("number") + first).cast(pl.String).str.zfill(10), batch_id=pl.lit(batch.pk)
    )
    columns = (
        "batch_id", "payment_no", "payee_atena_no", "amount", "bank_code", "branch_code", "account_kind", "account_no",
        "holder", "public_account", "ward_code",
    )  # fmt: skip
    connection = connections[context.using]
    copy_in(connection, Payment._meta.db_table, numbered.select(*columns, state=pl.lit("selected")))
    ids = copy_out(
        connection,
        "SELECT id, payment_no FROM subsidy_payment WHERE batch_id = %s",
        [batch.pk],
        schema={"payment_id": pl.Int64, "payment_no": pl.String},
    )
    items = work.selected.items.join(numbered.select("number", "payment_no"), on="number").join(ids, on="payment_no")
    copy_in(
        connection,
        PaymentItem._meta.db_table,
        items.select(
            "payment_id",
            "source_id",
            "scheme",
            "atena_no",
            "receipt_no",
            "funding",
            "amount",
            source=pl.lit("reimbursement"),
        ),
    )
    batch.payments += payments.height
    batch.total += int(payments["amount"].sum())
    batch.save(using=context.using, update_fields=["payments", "total"])
    return ChunkResult(counts={"支払": payments.height, "支払金額": int(payments["amount"].sum())})


def _first_number(context: RunContext, batch: PaymentBatch) -> int:
    """The last payment number before this batch: numbers go on over pay days."""
    last = Payment.objects.using(context.using).exclude(batch=batch).aggregate(last=Max("payment_no"))["last"]
    return int(last or 0)


JOB = register(Job(name="select-payments", title="支払対象の抽出", plan=_plan, apply_chunk=_apply, needs_approval=True))
