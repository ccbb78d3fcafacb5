"""The distribution on screen: who gets what on what ground, how far each is, what was handed over and refused."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.resident.models import UsageApplication
from tasuke.systems.resident.queries import (
    consumers,
    household_records,
    intake_faults,
    intake_positions,
    item_labels,
    letters,
    records,
    refusals,
    usage,
    usages,
)
from tasuke.systems.resident.services.apply_for_items import (
    CannotApply,
    CannotDecide,
    apply_for_items,
    decide_application,
    end_usage,
)
from tasuke.systems.resident.web.forms import DecisionForm, EndForm, UsageForm

USING = "resident"


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def overview(request: OfficeRequest) -> HttpResponse:
    """Consumers with their state, and messages that wait or are dead."""
    context = {"consumers": consumers(using=USING, on=request.today), "letters": letters(using=USING)}
    return render(request, "resident/overview.html", context)


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def usages_page(request: OfficeRequest) -> HttpResponse:
    """Applications, newest first."""
    after = _after(request)
    found = usages(using=USING, before=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda row: row.pk, after=str(after or ""))
    return render(request, "resident/usages.html", {"page": page})


@require_http_methods(["GET", "POST"])
@screen(Action.REQUEST_USAGE, using=USING)
def new_usage(request: OfficeRequest) -> HttpResponse:
    """Apply for items."""
    form = UsageForm(request.POST or None, initial={"valid_from": request.today})
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        last = facts.pop("last_day")
        try:
            made = apply_for_items(
                using=USING,
                by=request.actor.personal_id,
                at=request.at,
                valid_to=last + timedelta(days=1) if last else None,
                **facts,
            )
        except CannotApply as error:
            form.add_error(None, str(error))
        else:
            request.audit.event(EventKind.SETTING_CHANGED, "利用申請", system=facts["system"], application=made.pk)
            messages.success(request, "申請しました。別の人の承認を待ちます。")
            return HttpResponseRedirect(reverse("resident:usage", args=[made.pk]))
    status = 400 if request.method == "POST" else 200
    return render(request, "resident/new_usage.html", {"form": form}, status=status)


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def usage_page(request: OfficeRequest, application_id: int) -> HttpResponse:
    """One application, with what can be decided about it."""
    return _usage(request, _found(application_id))


@require_POST
@screen(Action.APPROVE_USAGE, using=USING)
def decide(request: OfficeRequest, application_id: int) -> HttpResponse:
    """Approve or reject; never by who applied."""
    application = _found(application_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _usage(request, application, decision=form, status=400)
    approve = form.cleaned_data["approve"]
    try:
        decide_application(
            using=USING,
            application_id=application_id,
            approve=approve,
            by=request.actor.personal_id,
            at=request.at,
            note=form.cleaned_data["note"],
        )
    except CannotDecide as error:
        messages.error(request, str(error))
    else:
        request.audit.event(EventKind.SETTING_CHANGED, "利用の決定", application=application_id, approved=approve)
        messages.success(request, "承認しました。" if approve else "承認しないことにしました。")
    return HttpResponseRedirect(reverse("resident:usage", args=[application_id]))


@require_POST
@screen(Action.APPROVE_USAGE, using=USING)
def end(request: OfficeRequest, application_id: int) -> HttpResponse:
    """Stop a usage at once."""
    application = _found(application_id)
    form = EndForm(request.POST)
    if not form.is_valid():
        return _usage(request, application, ending=form, status=400)
    try:
        end_usage(
            using=USING,
            application_id=application_id,
            by=request.actor.personal_id,
            at=request.at,
            note=form.cleaned_data["reason"],
        )
    except CannotDecide as error:
        messages.error(request, str(error))
    else:
        request.audit.event(EventKind.SETTING_CHANGED, "利用の終了", application=application_id)
        messages.success(request, "利用を終了しました。これからは何も渡しません。")
    return HttpResponseRedirect(reverse("resident:usage", args=[application_id]))


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def records_page(request: OfficeRequest) -> HttpResponse:
    """情報連携記録."""
    after = _after(request)
    found = records(using=USING, before=after, limit=PAGE_ROWS + 1)
    return render(
        request, "resident/records.html", {"page": page_of(found, key=lambda r: r.pk, after=str(after or ""))}
    )


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def households_page(request: OfficeRequest) -> HttpResponse:
    """情報連携記録 of 世帯情報 to 市中間サーバ."""
    after = _after(request)
    found = household_records(using=USING, before=after, limit=PAGE_ROWS + 1)
    return render(
        request, "resident/households.html", {"page": page_of(found, key=lambda r: r.pk, after=str(after or ""))}
    )


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def intake_page(request: OfficeRequest) -> HttpResponse:
    """What 住民記録 sends at once: how far it is in, gaps and doubles, and what could not be used."""
    after = _after(request)
    found = intake_faults(using=USING, before=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda r: r.pk, after=str(after or ""))
    return render(request, "resident/intake.html", {"page": page, "positions": intake_positions(using=USING)})


@screen(Action.VIEW_DISTRIBUTION, using=USING)
def refusals_page(request: OfficeRequest) -> HttpResponse:
    """What was not given."""
    after = _after(request)
    found = refusals(using=USING, before=after, limit=PAGE_ROWS + 1)
    return render(
        request, "resident/refusals.html", {"page": page_of(found, key=lambda r: r.pk, after=str(after or ""))}
    )


def _found(application_id: int) -> UsageApplication:
    found = usage(using=USING, application_id=application_id)
    if found is None:
        raise Http404
    return found


def _usage(
    request: OfficeRequest,
    application: UsageApplication,
    *,
    decision: DecisionForm | None = None,
    ending: EndForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "usage": application,
        "items": item_labels(application.items),
        "own": application.requested_by == request.actor.personal_id,
        "decision": decision or DecisionForm(),
        "ending": ending or EndForm(),
    }
    return render(request, "resident/usage.html", context, status=status)


def _after(request: OfficeRequest) -> int | None:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
