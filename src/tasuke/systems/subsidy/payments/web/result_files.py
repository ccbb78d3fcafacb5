"""振込結果 as a file: taken in, looked at, recorded. The rows become what the form of one payment makes of them."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.batch.desk import DESK
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.screens import SEVERITIES, problems_list, run_page, runs_list
from tasuke.platform.batch.services.approve_run import ApprovalRefused, cancel_run
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.batch.services.start_run import CannotStart, start_run
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.subsidy.payments.jobs.import_transfer_results import KIND, NAME
from tasuke.systems.subsidy.payments.models import Payment
from tasuke.systems.subsidy.payments.web.forms import ResultFileForm

USING = "subsidy"
_SHOWN = 20


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
def files(request: OfficeRequest) -> HttpResponse:
    """Take in a file: it is kept, read and checked; nothing is recorded before somebody says so."""
    _only_whole(request)
    form = ResultFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and DESK.receive is not None:
        file = form.cleaned_data["file"]
        asked = DESK.receive(KIND, file.name, file.read())
        request.audit.event(EventKind.FILE_RECEIVED, KIND, name=file.name, size=file.size)
        try:
            run, _ = plan_run(
                using=USING, job=asked.job, target=asked.target, parameters=asked.parameters,
                by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except RunAlreadyDone as done:
            messages.info(request, "このファイルは取り込み済みです。何も変わりません。")
            return _to(done.run.pk)
        request.audit.event(EventKind.RUN_PLANNED, run.job, run=run.pk, target=run.target)
        return _to(run.pk)
    request.audit.read([], "transfer-results")
    context = {"form": form, "lines": runs_list(using=USING, schemes=None, job=NAME, limit=_SHOWN)}
    return render(request, "payments/results.html", context, status=422 if form.errors else 200)


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
def one_file(request: OfficeRequest, run_id: int) -> HttpResponse:
    """One file: what it would record, or has recorded, and the rows that are left out."""
    _only_whole(request)
    page = run_page(using=USING, schemes=None, run_id=_run(run_id).pk)
    after = request.GET.get("after", "")
    behind = int(after) if after.isascii() and after.isdigit() else 0
    found = problems_list(using=USING, run_id=run_id, after=behind, limit=PAGE_ROWS + 1)
    named = Payment.objects.using(USING).filter(payment_no__in=[p.value for p in found[:PAGE_ROWS]])
    request.audit.read(list(named.values_list("payee_atena_no", flat=True)), f"transfer-results {run_id}")
    context = {
        "page": page,
        "problems": page_of(found, key=lambda p: p.pk, after=after if behind else ""),
        "severities": SEVERITIES,
        "name": page.line.parameters.get("ファイル", ""),
    }
    return render(request, "payments/result_file.html", context)


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
@require_POST
def record(request: OfficeRequest, run_id: int) -> HttpResponse:
    """Record what came back, or go on with a run that stopped."""
    _only_whole(request)
    run = _run(run_id)
    try:
        start_run(using=USING, run_id=run.pk, now=request.at)
    except CannotStart as refused:
        messages.error(request, str(refused))
    else:
        request.audit.event(EventKind.RUN_STARTED, run.job, run=run.pk, target=run.target)
        messages.success(request, "記録を始めました。この画面を閉じても続きます。")
    return _to(run.pk)


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
@require_POST
def discard(request: OfficeRequest, run_id: int) -> HttpResponse:
    """Take back a file of which nothing was recorded: the wrong one, or one that is of no use."""
    _only_whole(request)
    run = _run(run_id)
    try:
        cancel_run(using=USING, run_id=run.pk)
    except ApprovalRefused as refused:
        messages.error(request, str(refused))
        return _to(run.pk)
    request.audit.event(EventKind.RUN_CANCELLED, run.job, run=run.pk, target=run.target)
    messages.success(request, "取り消しました。何も変わっていません。")
    return HttpResponseRedirect(reverse("payments:results"))


def _run(run_id: int) -> Run:
    run = Run.objects.using(USING).of_job(NAME).exclude(state=RunState.CANCELLED).filter(pk=min(run_id, 2**62)).first()
    if run is None:
        raise Http404
    return run


def _only_whole(request: OfficeRequest) -> None:
    """A bank's file speaks of the whole city."""
    if request.scope.offices is not None or request.scope.schemes is not None:
        raise Http404


def _to(run_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("payments:result-file", args=[run_id]))
