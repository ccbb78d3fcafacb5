"""Who may see a 個人番号: asked for by one person, approved by another."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import PAGE_ROWS, page_of
from tasuke.platform.ui.reason import reason_refused
from tasuke.systems.unified_id import screens
from tasuke.systems.unified_id.services.permit_my_number import (
    PermitRefused,
    approve_permit,
    end_permit,
    request_permit,
)
from tasuke.systems.unified_id.web.forms import PermitForm, ReasonForm

USING = "unified_id"


@screen(Action.PERMIT_MY_NUMBER, using=USING)
def permits_page(request: OfficeRequest) -> HttpResponse:
    """All permits; a new one is asked for here."""
    form = PermitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = request_permit(
                using=USING, business_id=given["business_id"], personal_id=given["personal_id"],
                legal_basis=given["legal_basis"], start=given["start"], end=given["last"] + timedelta(days=1),
                by=request.actor.personal_id, at=request.at,
            )  # fmt: skip
        except PermitRefused as refused:
            form.add_error("last", str(refused))
        else:
            _record(request, EventKind.GRANT_REQUESTED, made.personal_id, made.business_id)
            messages.success(request, "申請しました。別の人の承認を待っています。")
            return HttpResponseRedirect(reverse("unified_id:permits"))
    after = request.GET.get("after", "")
    found = screens.permits(using=USING, on=request.today, after=after, limit=PAGE_ROWS + 1)
    context = {
        "form": form,
        "waiting": screens.waiting_permits(using=USING, on=request.today),
        "page": page_of(found, key=lambda permit: permit.pk, after=after),
    }
    return render(request, "unified_id/permits.html", context, status=422 if form.errors else 200)


@require_POST
@screen(Action.PERMIT_MY_NUMBER, using=USING)
def approve(request: OfficeRequest, permit_id: int) -> HttpResponse:
    """Approve what another person asked for."""
    try:
        permit = approve_permit(using=USING, permit_id=permit_id, by=request.actor.personal_id, at=request.at)
    except PermitRefused as refused:
        messages.error(request, str(refused))
    else:
        _record(request, EventKind.GRANT_APPROVED, permit.personal_id, permit.business_id)
        messages.success(request, "承認しました。")
    return HttpResponseRedirect(reverse("unified_id:permits"))


@require_POST
@screen(Action.PERMIT_MY_NUMBER, using=USING)
def end(request: OfficeRequest, permit_id: int) -> HttpResponse:
    """End a permit today, with a reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return reason_refused(
            request, form=form, title="許可の終了・取下げ", button="終える", back=reverse("unified_id:permits")
        )
    try:
        permit = end_permit(using=USING, permit_id=permit_id, on=request.today)
    except PermitRefused as refused:
        messages.error(request, str(refused))
    else:
        why = form.cleaned_data["reason"]
        _record(request, EventKind.GRANT_REVOKED, permit.personal_id, permit.business_id, why=why)
        messages.success(request, "許可を終わらせました。")
    return HttpResponseRedirect(reverse("unified_id:permits"))


def _record(request: OfficeRequest, kind: EventKind, whom: str, business_id: str, **more: str) -> None:
    request.audit.event(kind, f"個人番号の表示(業務{business_id})", whom=whom, **more)
