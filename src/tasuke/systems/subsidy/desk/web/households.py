"""The household page, and what of it needs a permission of its own: incomes, and addresses under 支援措置."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.fields import DayField
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.desk.household import Household, NotInScope, show_household
from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.desk.private import household_addresses, household_incomes
from tasuke.systems.subsidy.desk.timeline import Timeline, draw_timeline
from tasuke.systems.subsidy.desk.web.notes import NoteForm
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"


class DayForm(forms.Form):
    """この日の状態."""

    on = DayField(label="この日の状態を見る", required=False)
    known = forms.BooleanField(label="その日までに記録されていた内容で見る", required=False)


@require_safe
@screen(Action.VIEW_HOUSEHOLD, purpose="required")
def household(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Everything about a household on one page, today or on a day of the past."""
    form, on, known_at = _day_of(request)
    shown = _show(request, atena_no, on, known_at)
    request.audit.read(shown.atena_nos, "household")
    past = on != request.today or known_at is not None
    context = {
        "h": shown,
        "form": form,
        "past": past,
        "kinds": list(NotificationKind),
        "note_form": None if past or not request.actor.may(Action.ADD_NOTE) else _new_note(request.today),
        "timeline": _timeline(shown),
        "current": shown.in_force,
    }
    return render(request, "desk/household.html", context)


@require_safe
@screen(Action.VIEW_INCOME, purpose="required")
def income(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Incomes of the household, four years, today or on the day that the household page shows."""
    _, on, known_at = _day_of(request)
    try:
        people, incomes = household_incomes(
            using=USING, atena_no=atena_no, on=on, scope=request.scope, known_at=known_at
        )
    except NotInScope as error:
        raise Http404 from error
    request.audit.read([p["atena_no"] for p in people], "income")
    context = {"people": people, "incomes": incomes, "atena_no": atena_no, "on": on, "known_at": known_at}
    return render(request, "desk/income.html", context)


@require_safe
@screen(Action.VIEW_PROTECTED, purpose="required")
def protected_address(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Where persons under 支援措置 live: a page of its own, so that nobody sees it by the way."""
    try:
        people = household_addresses(using=USING, atena_no=atena_no, on=request.today, scope=request.scope)
    except NotInScope as error:
        raise Http404 from error
    request.audit.read([p["atena_no"] for p in people], "protected-address")
    return render(request, "desk/protected_address.html", {"people": people, "atena_no": atena_no})


def _day_of(request: OfficeRequest) -> tuple[DayForm, date, datetime | None]:
    """The form, the day that it asks for (today), and the moment by whose knowledge (None: by today's)."""
    form = DayForm(request.GET) if "on" in request.GET else DayForm(initial={"on": request.today})
    valid = form.is_bound and form.is_valid()
    on: date = (form.cleaned_data["on"] if valid else None) or request.today
    return form, on, _end_of(on, request.at) if valid and form.cleaned_data["known"] else None


def _new_note(today: date) -> NoteForm:
    # the day form of this page has its own ids
    return NoteForm(initial={"contact_on": today, "channel": "2", "kind": "1"}, today=today, auto_id="note_%s")


def _show(request: OfficeRequest, atena_no: str, on: date, known_at: datetime | None) -> Household:
    try:
        return show_household(
            using=USING, atena_no=atena_no, on=on, scope=request.scope, known_at=known_at, today=request.today
        )
    except NotInScope as error:
        raise Http404 from error


def _end_of(day: date, at: datetime) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, at.tzinfo)


def _timeline(shown: Household) -> Timeline | None:
    ours = active_profile().schemes
    kinds = {scheme: str(load_scheme(scheme).kind) for scheme in ours}
    titles = {scheme: scheme_title(scheme) for scheme in ours}
    return draw_timeline(shown.entitlements, on=shown.on, titles=titles, kinds=kinds)
