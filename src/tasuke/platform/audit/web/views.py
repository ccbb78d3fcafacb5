"""Who looked at this person, what did this person do, nights and holidays, mass use, failures, and a file of a period.

What an auditor looks at is on record like everything else.
"""

import hashlib
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.models import User
from tasuke.platform.audit import EventKind
from tasuke.platform.audit.acts import acts_of, events_of_act, sums_of
from tasuke.platform.audit.models import AuditEvent
from tasuke.platform.audit.queries import (
    MOST_EXPORTED,
    DayOfPerson,
    events_frame,
    events_of_resident,
    failures,
    mass_use,
    off_hours,
    trail_state,
    who_looked,
)
from tasuke.platform.audit.web.forms import (
    SYSTEMS,
    WORK,
    ActorForm,
    ExportForm,
    FailureForm,
    MassForm,
    OffHoursForm,
    PeriodForm,
    ResidentForm,
)
from tasuke.platform.audit.words import EventLine, in_words, kinds_in_words
from tasuke.platform.export.tables import to_csv
from tasuke.platform.ui.paging import PAGE_ROWS, Page, page_of

ACCOUNTS = "accounts"


@require_GET
@screen(Action.SEARCH_AUDIT, using=WORK)
def index(request: OfficeRequest) -> HttpResponse:
    """Where to begin, and how far the trails are sealed."""
    states = [(label, trail_state(using=system)) for system, label in SYSTEMS]
    forms = {"ask_resident": ResidentForm({}, today=request.today), "ask_actor": ActorForm({}, today=request.today)}
    return render(request, "audit/index.html", {"states": states, **forms})


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def resident(request: OfficeRequest) -> HttpResponse:
    """Who looked at this resident."""
    form = ResidentForm(request.GET, today=request.today)
    if not form.is_valid():
        return _asked(request, "audit/resident.html", form, title="ある住民を見た職員")
    asked = {"using": form.cleaned_data["system"], "atena_no": form.cleaned_data["atena_no"], "period": form.period}
    people = who_looked(**asked, offices=request.scope.offices, limit=PAGE_ROWS)
    found = events_of_resident(**asked, offices=request.scope.offices, after=_after(request), limit=PAGE_ROWS + 1)
    request.audit.read([form.cleaned_data["atena_no"]], "audit-trail")
    names = names_of({person.personal_id for person in people} | {event.personal_id for event in found})
    context = {
        "people": [(person, names.get(person.personal_id, ""), kinds_in_words(person.kinds)) for person in people],
        "page": _page(request, found, names),
    }
    return _asked(request, "audit/resident.html", form, title="ある住民を見た職員", **context)


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def actor(request: OfficeRequest) -> HttpResponse:
    """What this person of the office did."""
    form = ActorForm(request.GET, today=request.today)
    if not form.is_valid():
        return _asked(request, "audit/actor.html", form, title="ある職員がしたこと")
    asked = {
        "using": form.cleaned_data["system"],
        "personal_id": form.cleaned_data["personal_id"],
        "period": form.period,
        "offices": request.scope.offices,
    }
    found = acts_of(**asked, after=_after(request), limit=PAGE_ROWS + 1)
    _looked(request, "actor", form, personal_id=asked["personal_id"], system=asked["using"])
    names = names_of({form.cleaned_data["personal_id"]})
    lines = [(in_words(act.event, names), act) for act in found]
    context = {
        "acts": page_of(lines, key=lambda line: line[0].id, after=str(_after(request) or "")),
        "sums": sums_of(**asked),
        "asked": form.cleaned_data,
        "name": names.get(form.cleaned_data["personal_id"], ""),
    }
    return _asked(request, "audit/actor.html", form, title="ある職員がしたこと", **context)


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def act(request: OfficeRequest, system: str, event_id: int) -> HttpResponse:
    """Everybody whom one act concerned, row by row."""
    if system not in dict(SYSTEMS):
        raise Http404
    found = events_of_act(
        using=system, event_id=min(event_id, 2**62), offices=request.scope.offices, after=_after(request),
        limit=PAGE_ROWS + 1,
    )  # fmt: skip
    if not found:
        raise Http404
    request.audit.event(EventKind.READ, "audit:act", system=system, event=event_id)
    page = _page(request, found, names_of({found[0].personal_id}))
    return render(request, "audit/act.html", {"page": page, "system": dict(SYSTEMS)[system], "trail": system})


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def nights(request: OfficeRequest) -> HttpResponse:
    """Use outside the office's hours and on closed days."""
    form = OffHoursForm(request.GET, today=request.today)
    if not form.is_valid():
        return _asked(request, "audit/days.html", form, title="夜間と休日の使用")
    after = _day_key(request.GET.get("after", ""))
    found = off_hours(
        using=form.cleaned_data["system"], period=form.period, opens=form.cleaned_data["opens"],
        closes=form.cleaned_data["closes"], offices=request.scope.offices, after=after, limit=PAGE_ROWS + 1,
    )  # fmt: skip
    _looked(request, "nights", form, system=form.cleaned_data["system"])
    page = page_of(found, key=lambda day: day.key, after=after)
    return _asked(request, "audit/days.html", form, title="夜間と休日の使用", page=page, days=_named(page.rows))


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def mass(request: OfficeRequest) -> HttpResponse:
    """People who saw very many residents, or searched very often, on one day."""
    form = MassForm(request.GET, today=request.today)
    if not form.is_valid():
        return _asked(request, "audit/days.html", form, title="大量の閲覧と検索")
    least = form.cleaned_data["least"]
    found = mass_use(
        using=form.cleaned_data["system"],
        period=form.period,
        least=least,
        offices=request.scope.offices,
        limit=PAGE_ROWS + 1,
    )
    _looked(request, "mass", form, least=least, system=form.cleaned_data["system"])
    context = {"days": _named(found[:PAGE_ROWS]), "cut": len(found) > PAGE_ROWS}
    return _asked(request, "audit/days.html", form, title="大量の閲覧と検索", **context)


@require_GET
@screen(Action.SEARCH_AUDIT, purpose="required", using=WORK)
def failed(request: OfficeRequest) -> HttpResponse:
    """Failed sign-ins, lock-outs, refusals."""
    form = FailureForm(request.GET, today=request.today)
    if not form.is_valid():
        return _asked(request, "audit/actor.html", form, title="サインインの失敗と拒否")
    found = failures(
        using=form.cleaned_data["system"], period=form.period, offices=request.scope.offices,
        after=_after(request), limit=PAGE_ROWS + 1,
    )  # fmt: skip
    _looked(request, "failed", form)
    page = _page(request, found, names_of({event.personal_id for event in found}))
    return _asked(request, "audit/actor.html", form, title="サインインの失敗と拒否", page=page)


@require_http_methods(["GET", "POST"])
@screen(Action.EXPORT_AUDIT, purpose="required", using=WORK)
def export(request: OfficeRequest) -> HttpResponse:
    """All events of a period as CSV. That somebody took it is an event itself, with the hash of the file."""
    form = ExportForm(request.POST if request.method == "POST" else {}, today=request.today)
    if request.method == "GET":
        form.initial.update({name: request.GET[name] for name in form.fields if name in request.GET})
        return render(request, "audit/export.html", {"form": form, "most": MOST_EXPORTED})
    if form.is_valid():
        system = form.cleaned_data["system"]
        who = form.cleaned_data["personal_id"]
        frame = events_frame(using=system, period=form.period, offices=request.scope.offices, personal_id=who)
        if frame.height <= MOST_EXPORTED:
            data = to_csv(frame)
            _looked(
                request, "audit-trail", form, kind=EventKind.FILE_MADE, rows=frame.height, system=system,
                reason=form.cleaned_data["reason"], personal_id=who, sha256=hashlib.sha256(data).hexdigest()[:10],
            )  # fmt: skip
            response = HttpResponse(data, content_type="text/csv; charset=utf-8")
            name = f"audit-{system}-{form.cleaned_data['first']}-{form.cleaned_data['last']}.csv"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        form.add_error("last", f"{MOST_EXPORTED:,}件を超えます。期間を短くしてください")
    return render(request, "audit/export.html", {"form": form, "most": MOST_EXPORTED}, status=422)


def names_of(personal_ids: set[str]) -> dict[str, str]:
    """Names of people of the office by id, in one query; who is unknown is missing."""
    known = User.objects.using(ACCOUNTS).filter(personal_id__in=personal_ids)
    return dict(known.values_list("personal_id", "name"))


def _asked(request: OfficeRequest, template: str, form: PeriodForm, *, title: str, **context: Any) -> HttpResponse:
    """The page of a question. Before anything was asked there is nothing to complain about."""
    status = 422 if form.errors else 200
    return render(request, template, {"form": form, "title": title, **context}, status=status)


def _looked(request: OfficeRequest, what: str, form: PeriodForm, *, kind: str = EventKind.READ, **facts: Any) -> None:
    """An auditor's look at the trail."""
    period = {"first": str(form.cleaned_data["first"]), "last": str(form.cleaned_data["last"])}
    request.audit.event(kind, what if kind != EventKind.READ else f"audit:{what}", **period, **facts)


def _after(request: OfficeRequest) -> int | None:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day_key(text: str) -> str:
    """A key of a list by day and person; "" for anything else."""
    day, _, person = text.partition("|")
    try:
        return text if person and date.fromisoformat(day).isoformat() == day and "\x00" not in person else ""
    except ValueError:
        return ""


def _page(request: OfficeRequest, found: list[AuditEvent], names: dict[str, str]) -> Page[EventLine]:
    lines = [in_words(event, names) for event in found]
    return page_of(lines, key=lambda line: line.id, after=str(_after(request) or ""))


def _named(days: Any) -> list[tuple[DayOfPerson, str]]:
    names = names_of({day.personal_id for day in days})
    return [(day, names.get(day.personal_id, "")) for day in days]
