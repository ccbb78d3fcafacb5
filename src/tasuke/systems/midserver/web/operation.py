"""Screens of the people who run 中間サーバー: batches, counts, notices. Read as a role that cannot see a person."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.systems.midserver.hours import service_state
from tasuke.systems.midserver.screens import operation_page, tenant_operation
from tasuke.systems.midserver.services.announce import BadNotice, announce, change_setting, withdraw_notice
from tasuke.systems.midserver.setting import settings
from tasuke.systems.midserver.tenancy import USING, as_operator, tenants
from tasuke.systems.midserver.web.forms import NoticeForm, SettingForm


@screen(Action.VIEW_MID_OPERATION, using=USING)
def overview(request: OfficeRequest) -> HttpResponse:
    """Open or not, what stands still, municipalities, counts of a week, notices, settings."""
    if not tenants():  # the operator's role is made with the first municipality
        return render(request, "midserver/operation.html", {"state": service_state(at=request.at), "tenants": 0})
    after = request.GET.get("after", "")
    with as_operator():
        shown = operation_page(today=request.today, after=after, limit=PAGE_ROWS + 1)
        shown["state"] = service_state(at=request.at)
        shown["settings"] = settings()
    shown["page"] = page_of(shown.pop("lines"), key=lambda line: line.tenant.pk, after=after)
    return render(request, "midserver/operation.html", shown)


@screen(Action.VIEW_MID_OPERATION, using=USING)
def tenant_page(request: OfficeRequest, body: str) -> HttpResponse:
    """One municipality: its rounds, counts of a week, deletions. Nobody is named."""
    if not tenants():
        raise Http404
    with as_operator():
        shown = tenant_operation(body=body, today=request.today)
    if shown is None:
        raise Http404
    return render(request, "midserver/tenant.html", shown)


@screen(Action.ANNOUNCE_MID, using=USING)
def announce_page(request: OfficeRequest) -> HttpResponse:
    """Tell all municipalities something, or plan a stop."""
    form = NoticeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            announce(**data, by=request.actor.personal_id, at=request.at)
        except BadNotice as error:
            form.add_error(None, str(error))
        else:
            request.audit.event(EventKind.NOTICE_MADE, "stop" if data["stop"] else "notice")
            messages.success(request, "登録しました。")
            return HttpResponseRedirect(reverse("midserver:operation"))
    return render(request, "midserver/announce.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@screen(Action.ANNOUNCE_MID, using=USING)
def withdraw(request: OfficeRequest, notice_id: int) -> HttpResponse:
    """Take a notice back; a stop ends with it."""
    if not withdraw_notice(notice_id=notice_id, at=request.at):
        raise Http404
    request.audit.event(EventKind.NOTICE_MADE, "withdrawn", notice=notice_id)
    messages.success(request, "取り消しました。")
    return HttpResponseRedirect(reverse("midserver:operation"))


@screen(Action.ANNOUNCE_MID, using=USING)
def change_setting_page(request: OfficeRequest, name: str) -> HttpResponse:
    """Confirm or change a value, with its ground."""
    setting = settings().get(name)
    if setting is None:
        raise Http404
    form = SettingForm(request.POST or None, initial={"value": setting.value})
    if request.method == "POST" and form.is_valid():
        try:
            change_setting(name=name, by=request.actor.personal_id, at=request.at, **form.cleaned_data)
        except BadNotice as error:
            form.add_error("value", str(error))
        else:
            request.audit.event(EventKind.SETTING_CHANGED, name, value=form.cleaned_data["value"])
            messages.success(request, "変更しました。")
            return HttpResponseRedirect(reverse("midserver:operation"))
    shown = {"form": form, "setting": setting}
    return render(request, "midserver/setting.html", shown, status=422 if form.errors else 200)
