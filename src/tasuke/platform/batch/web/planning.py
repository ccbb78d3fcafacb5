"""Planning a run by hand, and taking in a file."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.batch.desk import DESK, RunRequest
from tasuke.platform.batch.job import get_job
from tasuke.platform.batch.models import Run
from tasuke.platform.batch.screens import job_title
from tasuke.platform.batch.services.plan_run import RunAlreadyDone, plan_run
from tasuke.platform.batch.web.forms import ImportForm, PlanForm

USING = "subsidy"


@screen(Action.PLAN_RUN)
def choose_job(request: OfficeRequest) -> HttpResponse:
    """What may be planned by hand."""
    listed = [(offer, job_title(offer.job), get_job(offer.job).needs_approval) for offer in DESK.offers.values()]
    return render(request, "batch/choose.html", {"listed": listed})


@screen(Action.PLAN_RUN)
def plan_job(request: OfficeRequest, job: str) -> HttpResponse:
    """Compute what a job would change; nothing is changed."""
    offer = DESK.offers.get(job)
    if offer is None:
        raise Http404
    form = PlanForm(request.POST or None, offer=offer, today=request.today, schemes=request.scope.schemes)
    if request.method == "POST" and form.is_valid():
        try:
            return _planned(request, offer.request(form.cleaned_data))
        except DESK.faults as fault:
            for line in str(fault).splitlines():  # unconfirmed rules are told one by one
                form.add_error(None, line)
    context = {"form": form, "offer": offer, "title": job_title(job)}
    return render(request, "batch/plan.html", context, status=422 if form.errors else 200)


@screen(Action.IMPORT_FILE)
def import_file(request: OfficeRequest) -> HttpResponse:
    """Take in a file: it is kept, read and planned; nothing is changed before somebody starts the run."""
    if DESK.receive is None:
        raise Http404
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        asked = DESK.receive(form.cleaned_data["kind"], file.name, file.read())
        request.audit.event(EventKind.FILE_RECEIVED, form.cleaned_data["kind"], name=file.name, size=file.size)
        try:
            return _planned(request, asked)
        except DESK.faults as fault:
            for line in str(fault).splitlines():
                form.add_error("file", line)
    return render(request, "batch/import.html", {"form": form}, status=422 if form.errors else 200)


def _planned(request: OfficeRequest, asked: RunRequest) -> HttpResponse:
    try:
        run, _ = plan_run(
            using=USING, job=asked.job, target=asked.target, parameters=asked.parameters, by=request.actor.personal_id,
            now=request.at,
        )  # fmt: skip
    except RunAlreadyDone as done:
        messages.info(request, "同じ対象の処理は終わっています。何も変わりません。")
        return _to(done.run)
    request.audit.event(EventKind.RUN_PLANNED, run.job, run=run.pk, target=run.target)
    return _to(run)


def _to(run: Run) -> HttpResponse:
    return HttpResponseRedirect(reverse("runs:run", args=[run.pk]))
