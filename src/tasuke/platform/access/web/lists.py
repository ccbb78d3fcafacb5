"""Lists for the inspection of rights: roles, differences (突合), and the file of transfers and retirements."""

import polars as pl
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from tasuke.core.problems import is_fatal
from tasuke.platform.access.actions import Action
from tasuke.platform.access.differences import differences
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.roles import roles
from tasuke.platform.access.screen import screen
from tasuke.platform.access.services.apply_personnel_feed import FeedResult, apply_personnel_feed
from tasuke.platform.access.web.admin_forms import PersonnelForm
from tasuke.platform.export.tables import to_csv

_HEADER = ("区分", "職員ID", "氏名", "所属", "内容")


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def role_table(request: OfficeRequest) -> HttpResponse:
    """Roles, who may hold them, and what they may do."""
    listed = [(role, [a for a in Action if a in role.actions]) for role in roles().values()]
    return render(request, "access/roles.html", {"roles": listed, "names": {r.id: r.label for r in roles().values()}})


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def show_differences(request: OfficeRequest) -> HttpResponse:
    """Ids against grants on this day."""
    return render(request, "access/differences.html", {"differences": differences(on=request.today)})


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def differences_csv(request: OfficeRequest) -> HttpResponse:
    """The same list as a file, for the inspection's papers."""
    rows = [(d.kind.label, d.personal_id, d.name, d.office, d.detail) for d in differences(on=request.today)]
    cells = pl.DataFrame(rows, schema=dict.fromkeys(_HEADER, pl.String), orient="row")
    request.audit.event("list-exported", "権限の突合")
    response = HttpResponse(to_csv(cells), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="differences-{request.today}.csv"'
    return response


@require_http_methods(["GET", "POST"])
@screen(Action.IMPORT_PERSONNEL, using="accounts")
def personnel(request: OfficeRequest) -> HttpResponse:
    """Take a file of transfers, retirements and leaves."""
    form = PersonnelForm(request.POST or None, request.FILES or None)
    result: FeedResult | None = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["file"].read()
        result = apply_personnel_feed(data=data, by=request.actor.personal_id, at=request.at)
        request.audit.event("personnel-imported", people=result.people, grants=result.grants, keys=result.keys)
        if is_fatal(result.problems):
            form.add_error("file", "このファイルは取り込めません。下の問題を見てください")
    context = {"form": form, "result": result}
    return render(request, "access/personnel.html", context, status=422 if form.errors else 200)
