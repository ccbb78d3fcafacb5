"""Statistics on screen: a month in figures, charts drawn on the server, tables, and the files to take away."""

from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header

from tasuke.core.wareki import to_wareki
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.exchange.archive import fetch
from tasuke.platform.exchange.models import OutboundFile
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.statistics.screens import overview, statistics_file, statistics_months

USING = "subsidy"
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "svg": "image/svg+xml",
}


class MonthForm(forms.Form):
    """Which month is shown."""

    month = forms.ChoiceField(label="支払月", required=False)

    def __init__(self, *args: Any, months: list[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(f"{m:%Y-%m}", to_wareki(m).rpartition("月")[0] + "月") for m in months]
        self.fields["month"] = forms.ChoiceField(label="支払月", required=False, choices=listed)


@screen(Action.VIEW_STATISTICS)
def month_overview(request: OfficeRequest) -> HttpResponse:
    """A settlement month: figures, charts, tables, files."""
    months = statistics_months(using=USING)
    form = MonthForm(request.GET or None, months=months)
    if not months:
        return render(request, "statistics/overview.html", {"form": form})
    chosen = form.cleaned_data["month"] if form.is_bound and form.is_valid() else ""
    month = date.fromisoformat(f"{chosen}-01") if chosen else months[0]
    page = overview(using=USING, month=month, within=request.scope.q(), profile=active_profile())
    return render(request, "statistics/overview.html", {"form": form, "page": page, "whole": _whole(request)})


@screen(Action.VIEW_STATISTICS)
def chart(request: OfficeRequest, file_id: int) -> HttpResponse:
    """A chart of the whole city."""
    file = _file(request, file_id)
    if not file.name.endswith(".svg"):
        raise Http404
    return HttpResponse(fetch(file.sha256), content_type=_TYPES["svg"])


@screen(Action.VIEW_STATISTICS)
def download(request: OfficeRequest, file_id: int) -> HttpResponse:
    """A file of statistics: counts and sums, nobody's data."""
    file = _file(request, file_id)
    request.audit.event(EventKind.EXPORTED, file.name, rows=file.rows)
    response = HttpResponse(fetch(file.sha256), content_type=_TYPES[file.name.rpartition(".")[2]])
    response.headers["Content-Disposition"] = content_disposition_header(True, file.name) or ""
    return response


def _file(request: OfficeRequest, file_id: int) -> OutboundFile:
    """A file covers the whole city: only for who may see all of it."""
    if not _whole(request):
        raise Http404
    try:
        return statistics_file(using=USING, file_id=file_id)
    except OutboundFile.DoesNotExist:
        raise Http404 from None


def _whole(request: OfficeRequest) -> bool:
    return request.scope.offices is None and request.scope.schemes is None
