"""The list of applications, and one of them."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.desk.applications import list_applications, open_sheets, show_application
from tasuke.systems.subsidy.desk.attachments import attachments_of, missing_papers
from tasuke.systems.subsidy.desk.household import NotInScope
from tasuke.systems.subsidy.desk.identity import checks_of_application
from tasuke.systems.subsidy.desk.notifications import waiting_notifications
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.web.attachments import AttachmentForm
from tasuke.systems.subsidy.desk.web.matching import panel_for
from tasuke.systems.subsidy.desk.words import APPLICATION_STATES
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"
_STATES = {code: label for code, (label, _) in APPLICATION_STATES.items() if code != "draft"}


@require_safe
@screen(Action.LIST_APPLICATIONS, purpose="required")
def listing(request: OfficeRequest) -> HttpResponse:
    """Sheets that wait for the second person, and applications by state, the newest first."""
    state = request.GET.get("state", "")
    after = request.GET.get("after", "")
    page = list_applications(
        using=USING,
        scope=request.scope,
        on=request.today,
        state=state if state in _STATES else "",
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0,
    )
    sheets = open_sheets(using=USING, scope=request.scope, on=request.today) if page.first else []
    told = waiting_notifications(using=USING, scope=request.scope, on=request.today) if page.first else []
    request.audit.read([row["atena_no"] for row in (*sheets, *told, *page.rows)], "applications")
    context = {"page": page, "sheets": sheets, "told": told, "states": _STATES, "state": state}
    return render(request, "desk/applications.html", context)


@require_safe
@screen(Action.VIEW_APPLICATION, purpose="required")
def application(request: OfficeRequest, application_id: int) -> HttpResponse:
    """One application: what was said, what was decided, what can be done now."""
    shown, decisions = find(request, application_id)
    request.audit.read([shown["atena_no"]], "application")
    files = attachments_of(using=USING, application_id=application_id)
    waiting = shown["state"] in ("received", "held") and shown["kind"] == "1"
    context = {
        "a": shown,
        "decisions": decisions,
        "latest": decisions[0] if decisions else None,
        "files": files,
        "identity": checks_of_application(using=USING, application_id=application_id),
        "missing": missing_papers(shown["missing_documents"], files),
        "attach": AttachmentForm(),
        "waiting": waiting,
        "matching": panel_for(request, shown) if waiting and shown["scheme"] in active_profile().schemes else None,
    }
    return render(request, "desk/application.html", context)


def find(request: OfficeRequest, application_id: int) -> tuple[Row, list[Row]]:
    """The application within the limits of this action; 404 otherwise."""
    try:
        return show_application(using=USING, application_id=application_id, scope=request.scope, on=request.today)
    except NotInScope as error:
        raise Http404 from error
