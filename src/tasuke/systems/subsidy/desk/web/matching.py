"""突合 on screen: the panel of an application, what its paper says, and the list of the differences of all."""

import polars as pl
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tasuke.platform.access import Action, OfficeRequest, Scope, screen
from tasuke.platform.access.queries import grants_in_force
from tasuke.platform.access.roles import roles
from tasuke.platform.audit import EventKind
from tasuke.platform.export.tables import to_csv
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.platform.ui.templatetags.office import ward as ward_name
from tasuke.systems.subsidy.desk.matching_lists import difference_counts, differences_file, list_differences
from tasuke.systems.subsidy.desk.matching_panel import Panel, panel_of
from tasuke.systems.subsidy.desk.matching_words import KIND_WORDS
from tasuke.systems.subsidy.desk.rows import Row

USING = "subsidy"


def panel_for(request: OfficeRequest, application: Row) -> Panel:
    """The panel of an open application; who is named on it is put on record. Six statements at most."""
    ward, scheme = application["ward_code"], application["scheme"]
    panel = panel_of(
        using=USING,
        application_id=application["id"],
        scheme=scheme,
        on=request.today,
        figures=_sees_incomes(request, ward=ward, scheme=scheme),
    )
    request.audit.read(panel.people, "matching")
    if panel.people_of_income:
        request.audit.read(panel.people_of_income, "income")
    return panel


def _sees_incomes(request: OfficeRequest, *, ward: str, scheme: str) -> bool:
    """Whether some grant lets this person see incomes of this ward and scheme: the page itself is another action."""
    if not request.actor.may(Action.VIEW_INCOME):
        return False
    known = roles()
    grants = grants_in_force(personal_id=request.actor.personal_id, on=request.today)
    limits = [g.limits for g in grants if g.role in known and Action.VIEW_INCOME in known[g.role].actions]
    return bool(limits) and Scope.of(limits).allows(ward=ward, scheme=scheme)


@require_safe
@screen(Action.LIST_APPLICATIONS, purpose="required")
def listing(request: OfficeRequest) -> HttpResponse:
    """Differences of open applications by kind, as the last run found them."""
    kind = _kind(request)
    after = request.GET.get("after", "")
    page = list_differences(
        using=USING,
        scope=request.scope,
        on=request.today,
        kind=kind,
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0,
    )
    counts = difference_counts(using=USING, scope=request.scope, on=request.today)
    request.audit.read({no for row in page.rows for no in (row["atena_no"], row["about_atena_no"])}, "matching-list")
    order = {name: place for place, name in enumerate(KIND_WORDS)}
    context = {
        "page": page,
        "kind": kind,
        "kinds": [
            {"kind": row["kind"], "label": KIND_WORDS.get(row["kind"], row["kind"]), "rows": row["rows"]}
            for row in sorted(counts, key=lambda row: order.get(row["kind"], len(order)))
        ],
        "all": sum(row["rows"] for row in counts),
        "found_on": max((row["found_on"] for row in counts), default=None),
    }
    return render(request, "desk/matching_list.html", context)


@require_safe
@screen(Action.LIST_APPLICATIONS, purpose="required")
def listing_file(request: OfficeRequest) -> HttpResponse:
    """The same list as CSV, within the same limits; everybody on it is on record."""
    kind = _kind(request)
    found = differences_file(using=USING, scope=request.scope, on=request.today, kind=kind)
    people = {no for row in found for no in (row["atena_no"], row["about_atena_no"])}
    if people:
        request.audit.exported(people, "matching-list", rows=len(found), purpose=str(request.purpose or ""))
    else:
        request.audit.read([], "matching-list")
    request.audit.event(EventKind.FILE_MADE, "matching-list", rows=len(found))
    response = HttpResponse(to_csv(_frame(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="matching-{request.today:%Y%m%d}.csv"'
    return response


def _kind(request: OfficeRequest) -> str:
    asked = request.GET.get("kind", "")
    return asked if asked in KIND_WORDS else ""


def _ward(row: Row) -> str:
    """Where a protected person lives is not told."""
    return "非表示" if row["protected"] else ward_name(row["ward_code"])


def _frame(rows: list[Row]) -> pl.DataFrame:
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "受付番号": pl.String, "制度": pl.String, "区": pl.String, "受付日": pl.Date, "対象者": pl.String,
        "対象者の宛名番号": pl.String, "種別": pl.String, "相手": pl.String, "相手の宛名番号": pl.String,
        "いつから": pl.Date, "突合日": pl.Date,
    }  # fmt: skip
    values = [
        (
            row["application_no"], scheme_title(row["scheme"]), _ward(row), row["received_on"],
            row["name"], row["atena_no"], KIND_WORDS.get(row["kind"], row["kind"]), row["about_name"] or "",
            row["about_atena_no"], row["since"], row["found_on"],
        )
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame(values, schema=columns, orient="row")
