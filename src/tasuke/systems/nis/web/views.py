"""The stand-in on screen. Each page says that it is one, and none shows anything of a person."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.nis.master import day_of
from tasuke.systems.nis.opening import is_down, opening
from tasuke.systems.nis.queries import bodies, names, overview, permissions, records, refusals
from tasuke.systems.nis.services.switch_service import NothingToSwitch, switch_service
from tasuke.systems.nis.settings_holder import USING, service
from tasuke.systems.nis.web.forms import BodyFilter, SwitchForm
from tasuke.systems.nis.words import OUTCOMES, REMOVED, reason_label

_RECENT = timedelta(days=1)


@screen(Action.VIEW_NATIONAL, using=USING)
def overview_page(request: OfficeRequest) -> HttpResponse:
    """Is it open, how much waits, who stopped it last."""
    return _overview(request, SwitchForm(initial={"down": "0" if is_down(using=USING) else "1"}))


@require_POST
@screen(Action.SWITCH_NATIONAL, using=USING)
def switch(request: OfficeRequest) -> HttpResponse:
    """Stop or start the service, with a reason."""
    form = SwitchForm(request.POST)
    if not form.is_valid():
        return _overview(request, form, status=400)
    down, note = form.cleaned_data["down"], form.cleaned_data["note"]
    try:
        switch_service(down=down, by=request.actor.personal_id, at=request.at, note=note)
    except NothingToSwitch as error:
        messages.error(request, str(error))
    else:
        request.audit.event(EventKind.SERVICE_SWITCHED, "情報提供ネットワークシステム(代役)", down=down, why=note)
        messages.success(request, "止めました。" if down else "動かしました。")
    return HttpResponseRedirect(reverse("nis:overview"))


@screen(Action.VIEW_NATIONAL, using=USING)
def bodies_page(request: OfficeRequest) -> HttpResponse:
    """Bodies with their keys."""
    after = request.GET.get("after", "")
    found = bodies(using=USING, after=after, limit=PAGE_ROWS + 1, at=request.at)
    # core stands before the first piece and is no row of it
    first, rows = (found[:1], found[1:]) if not after else ([], found)
    page = page_of(rows, key=lambda line: line.code, after=after)
    return render(request, "nis/bodies.html", {"bodies": [*first, *page.rows], "page": page})


@screen(Action.VIEW_NATIONAL, using=USING)
def permissions_page(request: OfficeRequest) -> HttpResponse:
    """The list of permissions with its sources."""
    after = _after(request)
    today = day_of(request.at)
    listed = [
        (row, row.valid_from <= today and (row.valid_to is None or today < row.valid_to))
        for row in permissions(using=USING, after=after, limit=PAGE_ROWS + 1)
    ]
    page = page_of(listed, key=lambda line: line[0].pk, after=str(after or ""))
    return render(request, "nis/permissions.html", {"page": page})


@screen(Action.VIEW_NATIONAL, using=USING)
def records_page(request: OfficeRequest) -> HttpResponse:
    """Records of 番号法23条, newest first; there are no names in them."""
    form, body, after = _filter(request)
    found = records(using=USING, body=body, after=after, limit=PAGE_ROWS + 1)
    page = page_of(
        [(row, OUTCOMES.get(row.outcome, row.outcome), reason_label(row.reason)) for row in found],
        key=lambda line: line[0].pk,
        after=str(after or ""),
    )
    return render(request, "nis/records.html", {"form": form, "page": page, "names": names(using=USING)})


@screen(Action.VIEW_NATIONAL, using=USING)
def refusals_page(request: OfficeRequest) -> HttpResponse:
    """What was refused, newest first."""
    form, body, after = _filter(request)
    found = refusals(using=USING, body=body, after=after, limit=PAGE_ROWS + 1)
    page = page_of(found, key=lambda line: line.row.pk, after=str(after or ""))
    return render(request, "nis/refusals.html", {"form": form, "page": page, "names": names(using=USING)})


def _overview(request: OfficeRequest, form: SwitchForm, *, status: int = 200) -> HttpResponse:
    shown: dict[str, Any] = {
        "form": form,
        "state": opening(using=USING, at=request.at),
        "overview": overview(using=USING, since=request.at - _RECENT),
        "service": service(),
        "permit_days": service().permit.days,
        "removed": REMOVED,
    }
    return render(request, "nis/overview.html", shown, status=status)


def _filter(request: OfficeRequest) -> tuple[BodyFilter, str, int | None]:
    form = BodyFilter(request.GET)
    body = form.cleaned_data["body"].strip() if form.is_valid() else ""
    return form, body, _after(request)


def _after(request: OfficeRequest) -> int | None:
    after = request.GET.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
