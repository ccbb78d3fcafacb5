"""write-transfers {"pay_on"}: bank file and papers of a pay day. Once: the selected payments go out in one file.

What the file's checks find is told in the plan, before anybody approves; a file that a bank would refuse is not made.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.utils.timezone import localdate

from tasuke.core.problems import Severity
from tasuke.formats import zengin
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.documents import LIST_TEMPLATE, render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.payments.bank_table import banks_on, with_closing_days
from tasuke.systems.subsidy.payments.days import pay_day
from tasuke.systems.subsidy.payments.models import Payment, PaymentBatch, PaymentState
from tasuke.systems.subsidy.payments.papers import bank_table, by_delivery, notice_pages, payee_list
from tasuke.systems.subsidy.payments.queries import payment_items_frame, payments_frame
from tasuke.systems.subsidy.payments.transfer_file import build_transfer_file
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import persons_frame

NOTICE = Path(__file__).resolve().parent.parent / "templates" / "payment_notice.typ"
NOTICES_PER_SHARD = 500
_BANK_NAMES = ("bank_code", "branch_code", "bank_name", "branch_name")


class NothingToTransfer(LookupError):
    """No payments were selected for this day."""


@dataclass(frozen=True, slots=True)
class _Work:
    payments: pl.DataFrame
    items: pl.DataFrame
    pay_on: date
    shards: int
    file: bytes
    bank_names: pl.DataFrame


def _plan(context: RunContext) -> Plan:
    pay_on = pay_day(str(context.parameters["pay_on"]))
    payments = payments_frame(using=context.using, pay_on=pay_on)
    if payments.is_empty():
        raise NothingToTransfer(f"{pay_on} の支払対象がありません。先に支払対象の抽出と承認をしてください")
    items = payment_items_frame(using=context.using, pay_on=pay_on)
    banks = banks_on(context.using, pay_on)
    file, found = build_transfer_file(payments, profile=active_profile(), master=banks.master, pay_on=pay_on)
    problems = [*banks.problems, *with_closing_days(found, banks.closed)]
    wrong = [p for p in problems if p.severity is not Severity.WARNING]
    if wrong:
        raise zengin.TransfersRejected(wrong)
    shards = -(-payments.height // NOTICES_PER_SHARD)
    total = int(payments["amount"].sum())
    batch = PaymentBatch.objects.using(context.using).get(pay_on=pay_on)
    return Plan(
        counts={"振込": payments.height, "振込金額": total, "支払通知書": payments.height},
        chunks=shards + 1,
        work=_Work(payments, items, pay_on, shards, file, banks.master.select(_BANK_NAMES)),
        comparisons=[
            Comparison("抽出した件数と振込の件数", payments.height, batch.payments),
            Comparison("抽出した金額と振込の金額", total, batch.total),
            Comparison("内訳の合計と振込の金額", int(items["amount"].sum()), total),
        ],
        problems=problems,
    )


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    return _notices(context, work, number) if number < work.shards else _bank_papers(context, work)


def _notices(context: RunContext, work: _Work, number: int) -> ChunkResult:
    payments = work.payments.slice(number * NOTICES_PER_SHARD, NOTICES_PER_SHARD)
    items = work.items.join(payments.select("payment_no"), on="payment_no", how="semi")
    people = pl.concat([payments["payee_atena_no"], items["atena_no"]]).unique()
    profile, issued_on = active_profile(), localdate(context.now)
    persons = letter_persons(using=context.using, on=work.pay_on, atena_nos=people, today=issued_on)
    schemes = {s: load_scheme(s).name for s in profile.schemes}
    mailed, by_hand, problems = by_delivery(payments, items, persons)
    counts = {"支払通知書": payments.height, "うち手渡し": by_hand.height}
    for part, suffix in ((mailed, ""), (by_hand, "_手渡し")):
        if part.is_empty():
            continue
        pages = notice_pages(
            part, items, persons, work.bank_names, profile=profile, schemes=schemes, pay_on=work.pay_on,
            issued_on=issued_on, by_hand=bool(suffix),
        )  # fmt: skip
        data = {"seal": profile.letterhead_on(issued_on).seal, "fictitious": profile.fictitious, "pages": pages}
        pdf = render_paper(NOTICE, data, made_at=context.now, tagged=False)
        name = f"支払通知書_{work.pay_on:%Y%m%d}-{number + 1:04d}{suffix}.pdf"
        _keep(context, work, f"notices-{number + 1:04d}{'-hand' if suffix else ''}", name, pdf, part)
    return ChunkResult(counts=counts, problems=problems)


def _bank_papers(context: RunContext, work: _Work) -> ChunkResult:
    profile, names, day = active_profile(), work.bank_names, f"{work.pay_on:%Y%m%d}"
    digest = _keep(context, work, "zengin", f"総合振込_{day}.txt", work.file, work.payments)
    persons = persons_frame(using=context.using, on=work.pay_on, atena_nos=work.payments["payee_atena_no"].unique())
    listed = payee_list(work.payments, persons, names, pay_on=work.pay_on, fictitious=profile.fictitious)
    table = bank_table(work.payments, names, pay_on=work.pay_on, fictitious=profile.fictitious)
    papers: list[tuple[str, str, dict[str, Any]]] = [
        ("payees", "支払対象者一覧", listed), ("banks", "銀行別集計表", table)
    ]  # fmt: skip
    for kind, title, paper in papers:
        pdf = render_paper(LIST_TEMPLATE, paper, made_at=context.now, tagged=False)
        _keep(context, work, kind, f"{title}_{day}.pdf", pdf, work.payments)
    _mark_sent(context, work, digest)
    return ChunkResult(counts={"振込": work.payments.height})


def _keep(context: RunContext, work: _Work, kind: str, name: str, data: bytes, rows: pl.DataFrame) -> str:
    file = record_outbound(
        using=context.using,
        kind=kind,
        key=f"{work.pay_on}",
        name=name,
        data=data,
        rows=rows.height,
        totals={"件数": rows.height, "金額": int(rows["amount"].sum())},
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


JOB = register(
    Job(name="write-transfers", title="振込ファイルと支払の帳票", plan=_plan, apply_chunk=_apply, needs_approval=True)
)
