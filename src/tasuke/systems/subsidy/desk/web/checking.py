"""The second person compares a 届出 with the paper: it holds from now on, or is dropped."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.desk.household import NotInScope
from tasuke.systems.subsidy.desk.notifications import show_notification
from tasuke.systems.subsidy.desk.services.check_notification import (
    FactsMoved,
    NotWaiting,
    SamePerson,
    check_notification,
)
from tasuke.systems.subsidy.desk.web.notifications import DropForm, is_hidden, show_one

USING = "subsidy"


@require_POST
@screen(Action.CHECK_APPLICATION, purpose="required")
def check(request: OfficeRequest, notification_id: int) -> HttpResponse:
    """照合する, or 取り消す with a reason."""
    try:
        told = show_notification(using=USING, notification_id=notification_id, scope=request.scope, on=request.today)
    except NotInScope as error:
        raise Http404 from error
    accept = request.POST.get("accept") == "1"
    if accept and is_hidden(request, told):
        raise Http404  # nobody compares what they may not see
    drop = DropForm(request.POST)
    if not accept and not drop.is_valid():
        return show_one(request, told, drop=drop, status=422)
    try:
        check_notification(
            using=USING,
            notification_id=notification_id,
            accept=accept,
            remark="" if accept else drop.cleaned_data["remark"],
            actor=request.actor,
            on=request.today,
            now=request.at,
        )
    except (NotWaiting, SamePerson, FactsMoved) as error:
        typed = "" if accept else f"入力した理由: {drop.cleaned_data['remark']}"
        messages.error(request, f"{error}。{typed}")
    else:
        people = told["content"]["people"].split(";")
        after = {"notification": notification_id, "accepted": accept}
        request.audit.changed(people, "notification-check", after=after)
        messages.success(
            request,
            "照合しました。台帳に反映しました。" if accept else "届出を取り消しました。台帳は変わっていません。",
        )
    return HttpResponseRedirect(reverse("notifications:notification", args=[notification_id]))
