"""Payments on screen: select, draft, approval by another person, the transfer file once, papers."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import staff_name
from tasuke.platform.audit import EventKind
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.screens import LARGE_CHANGE
from tasuke.platform.batch.services.approve_run import ApprovalRefused, approve_run, cancel_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.batch.services.start_run import CannotStart, start_run
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.subsidy.payments.jobs.write_transfers import NothingToTransfer
from tasuke.systems.subsidy.payments.models import PaymentBatch
from tasuke.systems.subsidy.payments.screens import (
    KINDS,
    PAPERS,
    SELECT,
    TRANSFER,
    PayDayPage,
    default_pay_day,
    failures_list,
    paper_of_day,
    pay_day_page,
    pay_days,
    payments_list,
    persons_of_day,
)
from tasuke.systems.subsidy.payments.services.download_transfer import (
    AlreadyDownloaded,
    NoTransferFile,
    download_transfer,
)
from tasuke.systems.subsidy.payments.web.forms import DownloadForm, DraftForm, PaymentFilter
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"


@screen(Action.LIST_PAYMENTS, purpose="required")
def pay_day_list(request: OfficeRequest) -> HttpResponse:
    """Pay days and how far each is; transfers that came back and wait for an account."""
    failures = failures_list(using=USING, scope=request.scope, on=request.today, limit=PAGE_ROWS)
    request.audit.read([f.payment.payee_atena_no for f in failures], "failed-transfers")
    context = {"days": pay_days(using=USING), "failures": failures, "whole": _whole(request), "limit": PAGE_ROWS}
    return render(request, "payments/list.html", context)


@screen(Action.DRAFT_PAYMENT)
def draft(request: OfficeRequest) -> HttpResponse:
    """Select what is decided and not paid for a pay day: counted, not yet written."""
    _only_whole(request)
    day = default_pay_day(today=request.today, day_of_month=active_profile().processing.payment_day)
    form = DraftForm(request.POST or None, initial={"pay_on": day}, today=request.today)
    if request.method == "POST" and form.is_valid():
        pay_on = form.cleaned_data["pay_on"]
        _plan(request, SELECT, pay_on)
        return _to_day(pay_on)
    return render(request, "payments/draft.html", {"form": form}, status=422 if form.errors else 200)


@screen(Action.VIEW_PAYMENT, purpose="required")
def one_day(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """One pay day: steps, checks, problems, papers, payments."""
    return _day(request, pay_on)


@screen(Action.DRAFT_PAYMENT)
@require_POST
def draft_transfers(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """Plan the transfer file of what was selected."""
    _only_whole(request)
    try:
        _plan(request, TRANSFER, pay_on)
    except (NothingToTransfer, ValueError) as refused:  # what a bank would refuse is a ValueError of the formats
        messages.error(request, str(refused))
    return _to_day(pay_on)


@screen(Action.APPROVE_PAYMENT)
@require_POST
def approve(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """Another person lets the plan go ahead, and with that it is applied."""

    def act(run: Run) -> str:
        approve_run(using=USING, run_id=run.pk, by=request.actor.personal_id, now=request.at)
        request.audit.event(EventKind.RUN_APPROVED, run.job, run=run.pk, target=run.target)
        return _start(request, run, "承認しました。反映しています。")

    return _on_current(request, pay_on, act)


@screen(Action.DRAFT_PAYMENT)
@require_POST
def resume(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """Go on with an approved run that stopped."""
    return _on_current(request, pay_on, lambda run: _start(request, run, "続きから反映しています。"))


@screen(Action.DRAFT_PAYMENT)
@require_POST
def cancel(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """Withdraw a draft that has changed nothing; with the selection the whole day is gone."""

    def act(run: Run) -> str:
        cancel_run(using=USING, run_id=run.pk)
        request.audit.event(EventKind.RUN_CANCELLED, run.job, run=run.pk, target=run.target)
        return "起案を取り下げました。"

    done = _on_current(request, pay_on, act)
    gone = not any(day.pay_on == pay_on for day in pay_days(using=USING))
    return HttpResponseRedirect(reverse("payments:list")) if gone else done


@screen(Action.DOWNLOAD_TRANSFER, purpose="required")
@require_POST
def download(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """The transfer file for the bank: once, and again with a reason."""
    _only_whole(request)
    form = DownloadForm(request.POST)
    if form.is_valid():
        try:
            given = download_transfer(
                using=USING, pay_on=pay_on, reason=form.cleaned_data["reason"], by=request.actor.personal_id,
                now=request.at,
            )  # fmt: skip
        except (NoTransferFile, PaymentBatch.DoesNotExist):
            raise Http404 from None
        except AlreadyDownloaded as error:
            form.add_error("reason", f"{staff_name(error.by)} が{error}")
        else:
            people = persons_of_day(using=USING, pay_on=pay_on)
            request.audit.exported(
                people, f"zengin {pay_on}", rows=given.file.rows, purpose=form.cleaned_data["reason"] or "振込"
            )
            return _file(given.file, given.data, "application/octet-stream", "attachment")
    return _day(request, pay_on, downloading=form)


@screen(Action.VIEW_PAYMENT, purpose="required")
def paper(request: OfficeRequest, pay_on: date, file_id: int) -> HttpResponse:
    """A paper of the pay day: notices, list of payees, sums by bank."""
    _only_whole(request)
    try:
        file, people = paper_of_day(using=USING, pay_on=pay_on, file_id=file_id)
    except OutboundFile.DoesNotExist:
        raise Http404 from None
    request.audit.printed(people, f"{file.kind} {pay_on}")
    return _file(file, fetch(file.sha256), "application/pdf", "inline")


def _day(request: OfficeRequest, pay_on: date, *, downloading: DownloadForm | None = None) -> HttpResponse:
    page = _page(request, pay_on)
    form = PaymentFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    after = request.GET.get("after", "")
    lines = payments_list(
        using=USING, pay_on=pay_on, scope=request.scope, on=request.today, state=state, after=after,
        limit=PAGE_ROWS + 1,
    )  # fmt: skip
    payments = page_of(lines, key=lambda line: line.key, after=after)
    request.audit.read([line.payment.payee_atena_no for line in payments.rows], f"payments {pay_on}")
    current = page.current
    context = {
        "page": page,
        "payments": payments,
        "filter": form,
        "kinds": KINDS,
        "papers": PAPERS,
        "own": current is not None and current.line.run.planned_by == request.actor.personal_id,
        "large": LARGE_CHANGE,
        "download_form": downloading or DownloadForm(),
        "whole": _whole(request),
        "selected": page.day.select is None or page.day.select.state == RunState.DONE,
    }
    return render(request, "payments/day.html", context, status=422 if downloading else 200)


def _page(request: OfficeRequest, pay_on: date) -> PayDayPage:
    try:
        return pay_day_page(using=USING, pay_on=pay_on, scope=request.scope)
    except LookupError:
        raise Http404 from None


def _plan(request: OfficeRequest, job: str, pay_on: date) -> None:
    try:
        run, _ = plan_run(
            using=USING, job=job, target=f"{pay_on}", parameters={"pay_on": f"{pay_on}"},
            by=request.actor.personal_id, now=request.at,
        )  # fmt: skip
    except RunAlreadyDone:
        messages.info(request, "この支払日の分は終わっています。")
    else:
        request.audit.event(EventKind.RUN_PLANNED, job, run=run.pk, target=run.target)


def _start(request: OfficeRequest, run: Run, said: str) -> str:
    start_run(using=USING, run_id=run.pk, now=request.at)
    request.audit.event(EventKind.RUN_STARTED, run.job, run=run.pk, target=run.target)
    return said


def _on_current(request: OfficeRequest, pay_on: date, act: Callable[[Run], str]) -> HttpResponse:
    """Do something with the run that is open on a pay day."""
    _only_whole(request)
    current = _page(request, pay_on).current
    if current is None:
        raise Http404
    try:
        messages.success(request, act(current.line.run))
    except (ApprovalRefused, CannotStart) as refused:
        messages.error(request, str(refused))
    return _to_day(pay_on)


def _file(file: OutboundFile, data: bytes, kind: str, disposition: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(disposition == "attachment", file.name) or ""
    return response


def _whole(request: OfficeRequest) -> bool:
    """A pay day is one file for the whole city: only who may see all of it acts on it."""
    return request.scope.offices is None and request.scope.schemes is None


def _only_whole(request: OfficeRequest) -> None:
    if not _whole(request):
        raise Http404


def _to_day(pay_on: date) -> HttpResponse:
    return HttpResponseRedirect(reverse("payments:day", args=[pay_on]))
