"""Many at once: every income that a held decision waits for, as after a renewal, asked for by the body that has it."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tasuke.contracts.inquiry import Choices
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.inquiries.choices import NotLawful, Question, procedure_of
from tasuke.systems.subsidy.inquiries.screens import Missing, missing_incomes
from tasuke.systems.subsidy.inquiries.services.ask_inquiries import Asked, ask_inquiries
from tasuke.systems.subsidy.inquiries.services.take_over_answer import TAX_INFORMATION
from tasuke.systems.subsidy.inquiries.web.forms import BulkForm
from tasuke.systems.subsidy.inquiries.web.views import NO_OFFICE, USING, choices_or_why_not, tell_asked


@require_http_methods(["GET", "POST"])
@screen(Action.ASK_INQUIRY, purpose="required")
def bulk(request: OfficeRequest) -> HttpResponse:
    """The list of missing incomes; those that are chosen are asked for at one body."""
    lines, more = missing_incomes(using=USING, scope=request.scope, on=request.today)
    request.audit.read([no for line in lines for no in _people(line)], "inquiries-needed")
    context: dict[str, Any] = {"lines": lines, "more": more, "chosen": request.POST.getlist("rows")}
    choices = choices_or_why_not(request)
    if isinstance(choices, str):
        return render(request, "inquiries/bulk.html", {**context, "closed": choices}, status=503)
    askable = [line for line in lines if line.askable]
    given = request.POST if request.method == "POST" else None
    form = BulkForm(given, choices=choices, keys=[line.key for line in askable])
    if form.is_valid():
        wanted = set(form.cleaned_data["rows"])
        try:
            done = _ask(request, [line for line in askable if line.key in wanted], form, choices)
        except NotLawful as error:
            form.add_error("provider", str(error))
        else:
            tell_asked(request, done)
            return HttpResponseRedirect(reverse("inquiries:bulk"))
    context |= {"form": form, "askable": bool(askable)}
    return render(request, "inquiries/bulk.html", context, status=422 if form.errors else 200)


def _ask(request: OfficeRequest, lines: Sequence[Missing], form: BulkForm, choices: Choices) -> Asked:
    """One by one, each for its own scheme and office; all of them or none, in the request's transaction."""
    made: list[Any] = []
    doubles: list[str] = []
    for line in lines:
        one = line.first
        question = Question(
            one.atena_no, procedure_of(one.scheme), TAX_INFORMATION, form.cleaned_data["provider"], one.tax_year
        )
        done = ask_inquiries(
            using=USING,
            questions=[question],
            about={one.atena_no: one.about},
            scheme=one.scheme,
            ward_code=one.ward_code,
            choices=choices,
            by=request.actor.personal_id,
            department=request.actor.office or NO_OFFICE,
            at=request.at,
        )
        made += done.inquiries
        doubles += done.open_already
    return Asked(tuple(made), tuple(doubles))


def _people(line: Missing) -> set[str]:
    return {no for one in line.needed for no in (one.atena_no, one.about)}
