"""Settings in force, to read: offices, roles, papers, days of the bank, the rest of the profile."""

import unicodedata
from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tasuke.core.calendar import InvalidDate, month_start, parse_date
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.access.roles import roles
from tasuke.schemes.profile import Letterhead
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.settings.bank_days import bank_month
from tasuke.systems.subsidy.settings.profile_values import checked_notifications, confirmed_values, number_lines


@require_GET
@screen(Action.VIEW_SETTINGS)
def offices(request: OfficeRequest) -> HttpResponse:
    """The municipality and its wards."""
    return render(request, "settings/offices.html", {"profile": active_profile()})


@require_GET
@screen(Action.VIEW_SETTINGS)
def role_table(request: OfficeRequest) -> HttpResponse:
    """Each action with the roles that may do it."""
    known = list(roles().values())
    lines = [(action, [action in role.actions for role in known]) for action in Action if any_may(action)]
    return render(request, "settings/roles.html", {"roles": known, "lines": lines})


@require_GET
@screen(Action.VIEW_SETTINGS)
def papers(request: OfficeRequest) -> HttpResponse:
    """Letterheads and seals with the days on which they hold, and the certificates of each scheme."""
    heads = _letterheads()
    ends = [head.valid_from for head in heads[1:]] + [None]
    on = request.today
    lines = [
        (place, head, end, head.valid_from <= on and (end is None or on < end))
        for place, (head, end) in enumerate(zip(heads, ends, strict=True))
    ]
    return render(request, "settings/papers.html", {"lines": lines[::-1], "profile": active_profile()})


@require_GET
@screen(Action.VIEW_SETTINGS)
def seal(request: OfficeRequest, place: int) -> HttpResponse:
    """The seal of a letterhead, as a picture: nothing in it can run."""
    heads = _letterheads()
    if place >= len(heads) or not heads[place].seal:
        raise Http404
    return HttpResponse(heads[place].seal, content_type="image/svg+xml")


@require_GET
@screen(Action.VIEW_SETTINGS)
def bank_days(request: OfficeRequest) -> HttpResponse:
    """A month with the days on which banks work."""
    month = _month(request.GET.get("month", ""), request.today)
    found = bank_month(month=month, payment_day=active_profile().processing.payment_day)
    context = {"month": found, "asked": request.GET.get("month", "")}
    return render(request, "settings/bank_days.html", context)


@require_GET
@screen(Action.VIEW_SETTINGS)
def values(request: OfficeRequest) -> HttpResponse:
    """What else the profile says: numbers, bank, procedure, confirmations."""
    profile = active_profile()
    context = {
        "profile": profile,
        "numbers": number_lines(profile),
        "confirmed": confirmed_values(profile),
        "checked": "、".join(checked_notifications(profile)),
    }
    return render(request, "settings/values.html", context)


def any_may(action: Action) -> bool:
    """Whether some role may do this."""
    return any(action in role.actions for role in roles().values())


def _letterheads() -> list[Letterhead]:
    return sorted(active_profile().letterheads, key=lambda head: head.valid_from)


def _month(text: str, today: date) -> date:
    """The month that was asked for, as 2026-05 or 令和8年5月; this one when it cannot be read."""
    typed = unicodedata.normalize("NFKC", text).strip()[:20]
    if not typed:
        return month_start(today)
    whole = f"{typed}1日" if typed.endswith("月") else f"{typed}{'.' if '.' in typed else '-'}01"
    try:
        return parse_date(whole).replace(day=1)
    except InvalidDate:
        return month_start(today)
