"""What the screens of payments show: pay days and how far each is, one day, its payments by key, one payment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from tasuke.core.calendar import next_bank_business_day, next_month
from tasuke.platform.access import Scope
from tasuke.platform.batch.models import Run, RunProblem, RunState
from tasuke.platform.batch.screens import LastTime, RunPage, last_time, run_summary
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.payments.bank_table import branch_names
from tasuke.systems.subsidy.payments.jobs.write_transfers import NOTICES_PER_SHARD
from tasuke.systems.subsidy.payments.models import (
    AccountCorrection,
    FailedTransfer,
    Payment,
    PaymentBatch,
    PaymentItem,
    PaymentState,
    TransferDownload,
)
from tasuke.systems.subsidy.registry.names import PersonName, person_names
from tasuke.systems.subsidy.registry.wards import seen_by

SELECT, TRANSFER = "select-payments", "write-transfers"
KINDS = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
TONES = {
    PaymentState.SELECTED: "info", PaymentState.SENT: "warn", PaymentState.PAID: "good", PaymentState.FAILED: "bad",
}  # fmt: skip
PAPERS = {"payees": "支払対象者一覧", "banks": "銀行別集計表", "notices": "支払通知書"}
_DAYS_SHOWN, _PROBLEMS_SHOWN = 24, 50


@dataclass(slots=True)
class PayDay:
    """A pay day: the runs that select and write, the batch, and what comes next in words."""

    pay_on: date
    select: Run | None = None
    transfer: Run | None = None
    batch: PaymentBatch | None = None
    failed: int = 0
    open: int = 0  # payments of which nobody has said yet whether they arrived
    taken: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """How far it is: words and the tone of the badge."""
        run = self.transfer or self.select
        if run is not None and run.state == RunState.FAILED:
            return "途中で止まりました", "bad"
        if self.transfer is not None:
            if self.transfer.state == RunState.DONE:
                return self._sent
            waits = self.transfer.state == RunState.PLANNED
            return ("振込データの承認待ち", "warn") if waits else ("振込データを作成中", "info")
        if self.batch is None and self.select is not None and self.select.state == RunState.DONE:
            return "支払対象なし", "plain"
        if self.select is None or self.select.state == RunState.DONE:
            return "抽出済み(振込データはこれから)", "info"
        return ("抽出の承認待ち", "warn") if self.select.state == RunState.PLANNED else ("抽出中", "info")

    @property
    def _sent(self) -> tuple[str, str]:
        if not self.taken:
            return "振込データの取出し待ち", "warn"
        return ("振込依頼済み", "info") if self.open else ("振込済み", "good")


@dataclass(frozen=True, slots=True)
class PayDayPage:
    """One pay day with everything about it. states: payment state → number, within the limits of who looks.

    select_last, transfer_last: what the runs plan beside those of the pay day before.
    """

    day: PayDay
    select: RunPage | None
    transfer: RunPage | None
    problems: Sequence[RunProblem]
    papers: Sequence[OutboundFile]
    downloads: Sequence[TransferDownload]
    states: Mapping[str, int]
    select_last: LastTime | None = None
    transfer_last: LastTime | None = None

    @property
    def current(self) -> RunPage | None:
        """The run on which something has to be done."""
        return self.transfer or self.select


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment as lists show it."""

    payment: Payment
    payee: PersonName | None
    bank: str
    tone: str
    failure: FailedTransfer | None = None

    @property
    def key(self) -> str:
        """What lists go on by."""
        return str(self.payment.payment_no)


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """One payment: what it pays for, whether it came back, into which account it goes next."""

    line: PaymentLine
    items: Sequence[PaymentItem]
    people: Mapping[str, PersonName]
    corrections: Sequence[AccountCorrection] = field(default_factory=list)
    replaced_by: Payment | None = None
    taken: bool = False  # the transfer file has left the house

    @property
    def may_fail(self) -> bool:
        """Whether the bank may still send it back."""
        return self.taken and self.line.payment.state in (PaymentState.SENT, PaymentState.PAID)

    @property
    def may_correct(self) -> bool:
        """Whether another account may be named for the next time."""
        return self.line.failure is not None and self.replaced_by is None


def pay_days(*, using: str) -> list[PayDay]:
    """The latest pay days, newest first."""
    days: dict[date, PayDay] = {}
    for run in Run.objects.using(using).filter(job__in=[SELECT, TRANSFER]).live().order_by("-pk")[: 2 * _DAYS_SHOWN]:
        pay_on = date.fromisoformat(run.parameters["pay_on"])
        day = days.setdefault(pay_on, PayDay(pay_on))
        if run.job == SELECT:
            day.select = day.select or run
        else:
            day.transfer = day.transfer or run
    for batch in _batches(using).order_by("-pay_on")[:_DAYS_SHOWN]:
        _fill(days.setdefault(batch.pay_on, PayDay(batch.pay_on)), batch)
    return sorted(days.values(), key=lambda d: d.pay_on, reverse=True)


def pay_day_page(*, using: str, pay_on: date, scope: Scope) -> PayDayPage:
    """One pay day. Raises LookupError when nothing was ever planned for it."""
    runs = {
        run.job: run_summary(using=using, run=run)
        for run in Run.objects.using(using)
        .filter(job__in=[SELECT, TRANSFER], parameters__pay_on=f"{pay_on}")
        .live()
        .order_by("pk")
    }
    batch = _batches(using).filter(pay_on=pay_on).first()
    if batch is None and not runs:
        raise LookupError(pay_on)
    select, transfer = runs.get(SELECT), runs.get(TRANSFER)
    day = PayDay(pay_on, select.line.run if select else None, transfer.line.run if transfer else None)
    if batch is not None:
        _fill(day, batch)
    made = OutboundFile.objects.using(using).filter(key=f"{pay_on}").exclude(kind="zengin").order_by("kind", "pk")
    papers = made.filter(Q(kind__in=["payees", "banks"]) | Q(kind__startswith="notices-"))
    counted = _of_day(using, pay_on, scope).order_by().values_list("state").annotate(n=Count("pk"))
    problems = (
        RunProblem.objects.using(using).filter(run_id__in=[page.line.run.pk for page in runs.values()]).order_by("pk")
    )
    return PayDayPage(
        day=day,
        select=select,
        transfer=transfer,
        problems=list(problems[:_PROBLEMS_SHOWN]),
        papers=list(papers),
        downloads=list(batch.downloads.using(using).order_by("pk")) if batch else [],
        states=dict(counted),
        select_last=last_time(using=using, run=day.select) if day.select else None,
        transfer_last=last_time(using=using, run=day.transfer) if day.transfer else None,
    )


def _batches(using: str) -> QuerySet[PaymentBatch]:
    """Batches with how many payments failed or are open, and whether the file has been taken."""
    taken = TransferDownload.objects.using(using).filter(batch=OuterRef("pk"))
    return PaymentBatch.objects.using(using).annotate(
        failed=Count("rows", filter=Q(rows__state=PaymentState.FAILED)),
        open=Count("rows", filter=Q(rows__state__in=[PaymentState.SELECTED, PaymentState.SENT])),
        taken=Exists(taken),
    )


def _fill(day: PayDay, batch: Any) -> None:
    day.batch, day.failed, day.open, day.taken = batch, batch.failed, batch.open, batch.taken


def payments_list(
    *, using: str, pay_on: date, scope: Scope, on: date, state: str = "", after: str = "", limit: int
) -> list[PaymentLine]:
    """Payments of a day in the order of the transfer file, behind the number `after`."""
    found = _of_day(using, pay_on, scope).filter(payment_no__gt=after).order_by("payment_no")
    return _lines(using, list((found.filter(state=state) if state else found)[:limit]), on)


def failures_list(*, using: str, scope: Scope, on: date, limit: int) -> list[PaymentLine]:
    """Payments that came back and are not replaced yet, oldest first."""
    replaced = Payment.objects.using(using).filter(replaces=OuterRef("pk"))
    found = _within(Payment.objects.using(using), using, scope).filter(~Exists(replaced), state=PaymentState.FAILED)
    return _lines(using, list(found.select_related("batch").order_by("payment_no")[:limit]), on)


def payment_page(*, using: str, payment_no: str, scope: Scope, on: date) -> PaymentPage:
    """One payment. Raises Payment.DoesNotExist, also outside the limits."""
    found = _within(Payment.objects.using(using), using, scope).select_related("batch")
    payment = found.get(payment_no=payment_no)
    (line,) = _lines(using, [payment], on)
    items = list(PaymentItem.objects.using(using).filter(payment=payment).order_by("pk"))
    corrections: list[AccountCorrection] = []
    if line.failure is not None:
        corrections = list(AccountCorrection.objects.using(using).filter(failure=line.failure).order_by("pk"))
    return PaymentPage(
        line=line,
        items=items,
        people=person_names(using=using, atena_nos=[i.atena_no for i in items], on=on),
        corrections=corrections,
        replaced_by=Payment.objects.using(using).filter(replaces=payment).first(),
        taken=TransferDownload.objects.using(using).filter(batch_id=payment.batch_id).exists(),
    )


def persons_of_day(*, using: str, pay_on: date) -> list[str]:
    """Everybody who is paid on a day."""
    found = Payment.objects.using(using).filter(batch__pay_on=pay_on).order_by("payment_no")
    return list(found.values_list("payee_atena_no", flat=True))


def paper_of_day(*, using: str, pay_on: date, file_id: int) -> tuple[OutboundFile, list[str]]:
    """A paper and everybody who is named on it. Raises OutboundFile.DoesNotExist."""
    kinds = Q(kind__in=["payees", "banks"]) | Q(kind__startswith="notices-")
    file = OutboundFile.objects.using(using).filter(kinds, key=f"{pay_on}").get(pk=file_id)
    if file.kind == "banks":
        return file, []  # sums by bank
    payees = persons_of_day(using=using, pay_on=pay_on)
    if file.kind == "payees":
        return file, payees
    shard = int(file.kind.split("-")[1]) - 1
    part = payees[shard * NOTICES_PER_SHARD : (shard + 1) * NOTICES_PER_SHARD]
    items = PaymentItem.objects.using(using).filter(payment__batch__pay_on=pay_on, payment__payee_atena_no__in=part)
    return file, [*part, *items.values_list("atena_no", flat=True)]


def default_pay_day(*, today: date, day_of_month: int) -> date:
    """The next pay day of the city: its day of the month, or the next day on which banks work."""
    this = next_bank_business_day(today.replace(day=day_of_month))
    return this if this > today else next_bank_business_day(next_month(today).replace(day=day_of_month))


def _of_day(using: str, pay_on: date, scope: Scope) -> QuerySet[Payment]:
    return _within(Payment.objects.using(using).filter(batch__pay_on=pay_on), using, scope)


def _within(payments: QuerySet[Payment], using: str, scope: Scope) -> QuerySet[Payment]:
    """Payments of the permitted wards, on the pay day or now, that pay for one of the permitted schemes."""
    wards = Scope(offices=scope.offices)
    limited = payments.filter(seen_by(wards, using=using, person="payee_atena_no"))
    if scope.schemes is None:
        return limited
    items = PaymentItem.objects.using(using).filter(scope.schemes_q(), payment=OuterRef("pk"))
    return limited.filter(Exists(items))


def _lines(using: str, payments: Sequence[Payment], on: date) -> list[PaymentLine]:
    people = person_names(using=using, atena_nos=[p.payee_atena_no for p in payments], on=on)
    came_back = [p.pk for p in payments if p.state == PaymentState.FAILED]
    failures = {}
    if came_back:
        failures = {f.payment_id: f for f in FailedTransfer.objects.using(using).filter(payment_id__in=came_back)}
    banks = branch_names(using, {(p.bank_code, p.branch_code) for p in payments}, on)
    return [
        PaymentLine(
            p, people.get(p.payee_atena_no), banks.get((p.bank_code, p.branch_code), f"{p.bank_code}-{p.branch_code}"),
            TONES[PaymentState(p.state)], failures.get(p.pk),
        )
        for p in payments
    ]  # fmt: skip
