"""Grants: asked for by one person, decided by another, revoked with a reason."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.models import Grant
from tasuke.platform.access.people import person, waiting_grants
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.services.decide_grant import GrantDecisionRefused, decide_grant
from tasuke.platform.access.services.request_grant import GrantRequestRefused, request_grant
from tasuke.platform.access.services.revoke_grant import NothingToRevoke, revoke_grant
from tasuke.platform.access.web.admin_forms import DecisionForm, GrantForm, ReasonForm
from tasuke.platform.ui.reason import reason_refused


@require_http_methods(["GET", "POST"])
@screen(Action.REQUEST_GRANT, using="accounts")
def request_new(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """Ask for a role for somebody."""
    found = person(personal_id=personal_id, on=request.today)
    if found is None:
        raise Http404
    form = GrantForm(request.POST or None, initial={"start": request.today})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            grant = request_grant(
                personal_id=personal_id,
                role=data["role"],
                offices=data["offices"] or None,
                schemes=data["schemes"] or None,
                start=data["start"],
                end=data["end"],
                reason=data["reason"],
                by=request.actor.personal_id,
                at=request.at,
            )
        except GrantRequestRefused as error:
            form.add_error(None, str(error))
        else:
            request.audit.event("grant-requested", personal_id, role=grant.role, grant=grant.pk)
            messages.success(request, "権限を申請しました。別の人の承認を待ちます。")
            return redirect("accounts_admin:user", personal_id=personal_id)
    context = {"form": form, "person": found}
    return render(request, "access/new_grant.html", context, status=422 if form.errors else 200)


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def waiting(request: OfficeRequest) -> HttpResponse:
    """What waits for a decision."""
    return render(request, "access/waiting.html", {"grants": waiting_grants()})


@require_POST
@screen(Action.APPROVE_GRANT, using="accounts")
def decide(request: OfficeRequest, grant_id: int) -> HttpResponse:
    """Approve or refuse what another person asked for."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise Http404
    approve = form.cleaned_data["decision"] == "approve"
    try:
        grant = decide_grant(grant_id=grant_id, approve=approve, by=request.actor.personal_id, at=request.at)
    except Grant.DoesNotExist as error:
        raise Http404 from error
    except GrantDecisionRefused as error:
        messages.error(request, str(error))
    else:
        kind = "grant-approved" if approve else "grant-refused"
        request.audit.event(kind, str(grant.user_id), role=grant.role, grant=grant.pk)
        messages.success(request, "承認しました。" if approve else "却下しました。")
    return redirect("accounts_admin:waiting")


@require_POST
@screen(Action.REVOKE_GRANT, using="accounts")
def revoke(request: OfficeRequest, grant_id: int) -> HttpResponse:
    """Take a role away; it holds from the person's next request on."""
    grant = Grant.objects.using("accounts").filter(pk=grant_id).first()
    if grant is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return reason_refused(
            request, form=form, title="権限の取消", button="取り消す", about=f"{grant.user_id} {grant.role_label}",
            back=reverse("accounts_admin:user", args=[grant.user_id]),
        )  # fmt: skip
    try:
        reason = form.cleaned_data["reason"]
        revoke_grant(grant_id=grant_id, reason=reason, by=request.actor.personal_id, at=request.at)
    except NothingToRevoke as error:
        messages.error(request, str(error))
    else:
        request.audit.event("grant-revoked", str(grant.user_id), role=grant.role, grant=grant.pk)
        messages.success(request, "権限を取り消しました。")
    return redirect("accounts_admin:user", personal_id=grant.user_id)
