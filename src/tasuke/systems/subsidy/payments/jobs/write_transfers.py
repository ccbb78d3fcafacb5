"""write-transfers {"pay_on"}: bank file and papers of a pay day. Once: a second file for the day needs a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tasuke.core.calendar import is_bank_business_day
from tasuke.formats import bank_master
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.documents import render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentState
from tasuke.systems.subsidy.payments.papers import bank_table, notice_pages, payee_list
from tasuke.systems.subsidy.payments.queries import payment_items_frame, payments_frame
from tasuke.systems.subsidy.payments.transfer_file import build_transfer_file
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import persons_frame

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
NOTICES_PER_SHARD = 500


class NotABankBusinessDay(ValueError):
    """Banks take no transfer for this day."""


class NothingToTransfer(LookupError):
    """No payments were selected for this day."""


@dataclass(frozen=True, slots=True)
class _Work:
    payments: pl.DataFrame
    items: pl.DataFrame
    pay_on: date
    shards: int


def _plan(context: RunContext) -> Plan:
    pay_on = date.fromisoformat(context.parameters["pay_on"])
    if not is_bank_business_day(pay_on):
        raise NotABankBusinessDay(f"{pay_on} は銀行の営業日ではありません")
    payments = payments_frame(using=context.using, pay_on=pay_on)
    if payments.is_empty():
        raise NothingToTransfer(f"{pay_on} の支払対象がありません。先に支払対象の抽出と承認をしてください")
    items = payment_items_frame(using=context.using, pay_on=pay_on)
    shards = -(-payments.height // NOTICES_PER_SHARD)
    counts = {"振込": payments.height, "振込金額": int(payments["amount"].sum()), "支払通知書": payments.height}
    return Plan(counts=counts, chunks=shards + 1, work=_Work(payments, items, pay_on, shards))


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    return _notices(context, work, number) if number < work.shards else _bank_papers(context, work)


def _notices(context: RunContext, work: _Work, number: int) -> ChunkResult:
    payments = work.payments.slice(number * NOTICES_PER_SHARD, NOTICES_PER_SHARD)
    items = work.items.join(payments.select("payment_no"), on="payment_no", how="semi")
    people = pl.concat([payments["payee_atena_no"], items["atena_no"]]).unique()
    profile = active_profile()
    issued_on = context.now.date()
    pages = notice_pages(
        payments,
        items,
        persons_frame(using=context.using, on=work.pay_on, atena_nos=people),
        _bank_names(),
        profile=profile,
        schemes={s: load_scheme(s).name for s in profile.schemes},
        pay_on=work.pay_on,
        issued_on=issued_on,
    )
    data = {"seal": profile.letterhead_on(issued_on).seal, "fictitious": profile.fictitious, "pages": pages}
    pdf = render_paper(TEMPLATES / "payment_notice.typ", data, made_at=context.now, tagged=False)
    _keep(context, work, f"notices-{number + 1:04d}", "支払通知書", "pdf", pdf, payments)
    return ChunkResult(counts={"支払通知書": payments.height})


def _bank_papers(context: RunContext, work: _Work) -> ChunkResult:
    profile, master = active_profile(), bank_master.load()
    data, problems = build_transfer_file(work.payments, profile=profile, master=master, pay_on=work.pay_on)
    digest = _keep(context, work, "zengin", "総合振込", "txt", data, work.payments)
    names, fictitious = _bank_names(), profile.fictitious
    persons = persons_frame(using=context.using, on=work.pay_on, atena_nos=work.payments["payee_atena_no"].unique())
    listed = payee_list(work.payments, persons, names, pay_on=work.pay_on, fictitious=fictitious)
    table = bank_table(work.payments, names, pay_on=work.pay_on, fictitious=fictitious)
    for key, title, paper in (("payees", "支払対象者一覧", listed), ("banks", "銀行別集計表", table)):
        pdf = render_paper(TEMPLATES / "list.typ", paper, made_at=context.now, tagged=False)
        _keep(context, work, key, title, "pdf", pdf, work.payments)
    _mark_sent(context, work, digest)
    return ChunkResult(counts={"振込": work.payments.height}, problems=problems)


def _keep(context: RunContext, work: _Work, kind: str, title: str, ending: str, data: bytes, rows: pl.DataFrame) -> str:
    totals: Mapping[str, Any] = {"件数": rows.height, "金額": int(rows["amount"].sum())}
    suffix = kind.removeprefix("notices")
    file = record_outbound(
        using=context.using,
        kind=kind,
        key=f"{work.pay_on}",
        name=f"{title}_{work.pay_on:%Y%m%d}{suffix if kind.startswith('notices') else ''}.{ending}",
        data=data,
        rows=rows.height,
        totals=totals,
        by=context.by,
        now=context.now,
        run_id=context.run_id,
    )
    return file.sha256


def _mark_sent(context: RunContext, work: _Work, digest: str) -> None:
    batch = PaymentBatch.objects.using(context.using).select_for_update(of=("self",)).get(pay_on=work.pay_on)
    batch.file_sha256, batch.sent_at = digest, context.now
    batch.save(using=context.using, update_fields=["file_sha256", "sent_at"])
    Payment.objects.using(context.using).filter(batch=batch, state=PaymentState.SELECTED).update(
        state=PaymentState.SENT
    )


def _bank_names() -> pl.DataFrame:
    return bank_master.load().select("bank_code", "branch_code", "bank_name", "branch_name")


JOB = register(
    Job(name="write-transfers", title="振込ファイルと支払の帳票", plan=_plan, apply_chunk=_apply, needs_approval=True)
)
