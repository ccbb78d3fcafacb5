"""Runs on screen: list, one run with plan and progress, approval by a second person, start, resume, cancel."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.batch.desk import DESK
from tasuke.platform.batch.job import all_jobs
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.batch.screens import (
    FILES_SHOWN,
    SEVERITIES,
    RunPage,
    last_time,
    persons_in,
    problems_frame,
    problems_list,
    run_page,
    runs_list,
)
from tasuke.platform.batch.services.approve_run import ApprovalRefused, approve_run, cancel_run
from tasuke.platform.batch.services.start_run import CannotStart, start_run
from tasuke.platform.batch.web.forms import RunFilter
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.platform.export.tables import to_csv
from tasuke.platform.ui.paging import PAGE_ROWS, page_of

USING = "subsidy"
MOST_ROWS = 100_000  # rows of a file of problems: more than that nobody mends by hand


@screen(Action.LIST_RUNS)
def run_list(request: OfficeRequest) -> HttpResponse:
    """Runs, newest first."""
    form = RunFilter(request.GET, jobs=sorted(((j.name, j.title) for j in all_jobs()), key=lambda j: j[1]))
    form.is_valid()
    chosen = form.cleaned_data
    after = key_of(request)
    found = runs_list(
        using=USING, schemes=request.scope.schemes, job=chosen.get("job", ""), state=chosen.get("state", ""),
        problems=chosen.get("problems", False), after=after, limit=PAGE_ROWS + 1,
    )  # fmt: skip
    page = page_of(found, key=lambda line: line.run.pk, after=request.GET.get("after", "") if after else "")
    return render(request, "batch/list.html", {"form": form, "page": page, "reserved": DESK.reserved})


@screen(Action.VIEW_RUN)
def one_run(request: OfficeRequest, run_id: int) -> HttpResponse:
    """One run with its plan, comparisons, progress, problems and files."""
    page = _page(request, run_id)
    severity = request.GET.get("severity", "")
    severity = severity if severity in SEVERITIES else ""
    after = key_of(request) or 0
    found = problems_list(using=USING, run_id=run_id, severity=severity, after=after, limit=PAGE_ROWS + 1)
    values = _sees_values(request)
    persons = persons_in(found[:PAGE_ROWS], values=values)
    if persons:
        request.audit.read(persons, "run-problems")
    context = {
        "page": page,
        "last": last_time(using=USING, run=page.line.run),
        "problems": page_of(found, key=lambda p: p.pk, after=str(after) if after else ""),
        "severity": severity,
        "severities": SEVERITIES,
        "values": values,
        "own": page.line.run.planned_by == request.actor.personal_id,
        "elsewhere": DESK.reserved.get(page.line.run.job),
        "more_files": len(page.files) > FILES_SHOWN,
        "paper_kinds": DESK.paper_kinds if _whole(request) else frozenset(),
    }
    return render(request, "batch/run.html", context)


@screen(Action.VIEW_RUN, poll=True)
def progress(request: OfficeRequest, run_id: int) -> HttpResponse:
    """The part of the page that asks again by itself while the run is applied."""
    page = _page(request, run_id)
    response = render(request, "batch/_progress.html", {"page": page})
    if page.line.run.state != RunState.APPLYING:
        response["HX-Refresh"] = "true"  # it is over: the whole page has changed
    return response


@screen(Action.APPROVE_RUN)
@require_POST
def approve(request: OfficeRequest, run_id: int) -> HttpResponse:
    """A second person lets the plan go ahead."""
    run = _open_here(request, run_id)

    def act() -> str:
        approve_run(using=USING, run_id=run.pk, by=request.actor.personal_id, now=request.at)
        request.audit.event(EventKind.RUN_APPROVED, run.job, run=run.pk, target=run.target)
        return "承認しました。実行できます。"

    return _told(request, run_id, act)


@screen(Action.APPLY_RUN)
@require_POST
def start(request: OfficeRequest, run_id: int) -> HttpResponse:
    """Apply what was planned, or go on behind what a failed or killed run has committed."""
    run = _open_here(request, run_id)

    def act() -> str:
        start_run(using=USING, run_id=run.pk, now=request.at)
        request.audit.event(EventKind.RUN_STARTED, run.job, run=run.pk, target=run.target)
        return "実行を始めました。この画面を閉じても続きます。"

    return _told(request, run_id, act)


@screen(Action.CANCEL_RUN)
@require_POST
def cancel(request: OfficeRequest, run_id: int) -> HttpResponse:
    """Cancel a run that has changed nothing."""
    run = _open_here(request, run_id)

    def act() -> str:
        cancel_run(using=USING, run_id=run.pk)
        request.audit.event(EventKind.RUN_CANCELLED, run.job, run=run.pk, target=run.target)
        return "取り消しました。何も変わっていません。"

    return _told(request, run_id, act)


@screen(Action.VIEW_RUN)
def problems_file(request: OfficeRequest, run_id: int) -> HttpResponse:
    """The problems of a run as CSV, to mend the file where it comes from."""
    _page(request, run_id)
    values = _sees_values(request)
    found = problems_list(using=USING, run_id=run_id, limit=MOST_ROWS)
    what = f"run {run_id} problems"
    persons = persons_in(found, values=values)
    if persons:
        request.audit.exported(persons, what, rows=len(found), purpose=str(request.purpose or ""))
    request.audit.event(EventKind.FILE_MADE, what, rows=len(found))
    response = HttpResponse(to_csv(problems_frame(found, values=values)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="run-{run_id}-problems.csv"'
    return response


@screen(Action.TAKE_RUN_PAPER, purpose="required")
def paper(request: OfficeRequest, run_id: int, file_id: int) -> HttpResponse:
    """A bundle of certificates or letters, for the printer; everybody who stands on it is on record."""
    _page(request, run_id)
    file = _papers(run_id).filter(pk=file_id).first() if _whole(request) else None
    if file is None or DESK.persons_on is None:
        raise Http404
    request.audit.printed(DESK.persons_on(USING, file), f"run-paper {run_id}-{file_id}")
    response = HttpResponse(fetch(file.sha256), content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, file.name)
    return response


def _papers(run_id: int) -> QuerySet[OutboundFile]:
    return OutboundFile.objects.using(USING).filter(run_id=run_id, kind__in=DESK.paper_kinds)


def _whole(request: OfficeRequest) -> bool:
    """Papers of a run are of all wards and, with the letters, of all schemes."""
    return request.scope.offices is None and request.scope.schemes is None


def key_of(request: OfficeRequest) -> int | None:
    """The key after which a list goes on; what is no number begins at the top."""
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _page(request: OfficeRequest, run_id: int) -> RunPage:
    try:
        return run_page(using=USING, schemes=request.scope.schemes, run_id=run_id)
    except Run.DoesNotExist:
        raise Http404 from None


def _open_here(request: OfficeRequest, run_id: int) -> Run:
    """A run that may be approved and started on these screens; those of money have screens of their own."""
    run = _page(request, run_id).line.run
    if run.job in DESK.reserved:
        raise Http404
    return run


def _told(request: OfficeRequest, run_id: int, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except (ApprovalRefused, CannotStart) as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("runs:run", args=[run_id]))


def _sees_values(request: OfficeRequest) -> bool:
    """Offending texts may be names and numbers of residents of any ward: only for who may see all of them."""
    limits: list[Any] = [request.scope.offices, request.scope.schemes]
    return request.actor.may(Action.SEARCH_PERSON) and limits == [None, None]
