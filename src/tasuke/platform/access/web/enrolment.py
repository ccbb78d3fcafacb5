"""Enrolment of a person's authenticator, at the administrator's screen and with the person beside it."""

import io

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.people import person
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.web.forms import CodeForm
from tasuke.platform.access.web.users import NOT_ONESELF
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.services.end_sessions import end_sessions
from tasuke.platform.accounts.services.enrol_code import Enrolment, enrol_code, pending_enrolment
from tasuke.platform.accounts.services.use_code import use_code


@require_POST
@screen(Action.MANAGE_USERS, using="accounts")
def enrol(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """Make a new secret; the person's old codes stop at once, and so does an open session."""
    user = _user(request, personal_id)
    if personal_id == request.actor.personal_id:
        messages.error(request, NOT_ONESELF)
        return redirect("accounts_admin:user", personal_id=personal_id)
    enrol_code(user=user, by=request.actor.personal_id, at=request.at)
    end_sessions(personal_id=personal_id)
    request.audit.event("code-enrolled", personal_id)
    return redirect("accounts_admin:confirm", personal_id=personal_id)


@sensitive_post_parameters("code")
@screen(Action.MANAGE_USERS, using="accounts")
def confirm(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """Show the QR code until the first code has been typed; after that nobody sees the secret again."""
    user = _user(request, personal_id)
    waiting = _waiting(request, user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if use_code(personal_id=personal_id, code=code, at=request.at, confirming=True):
            request.audit.event("code-confirmed", personal_id)
            messages.success(request, "認証アプリを登録しました。")
            return redirect("accounts_admin:user", personal_id=personal_id)
        form.add_error("code", "番号が違います。認証アプリに今出ている数字を入力してください")
    secret = " ".join(waiting.secret[i : i + 4] for i in range(0, len(waiting.secret), 4))
    context = {"user": user, "secret": secret, "form": form}
    return render(request, "access/enrol.html", context, status=422 if form.errors else 200)


@require_GET
@screen(Action.MANAGE_USERS, using="accounts")
def qr(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """The QR code as a picture of its own (a page may hold none inline), only while the enrolment waits."""
    waiting = _waiting(request, _user(request, personal_id))
    out = io.BytesIO()
    segno.make(waiting.uri, error="m").save(
        out, kind="svg", scale=5, border=4, light="#fff", svgclass=None, lineclass=None
    )
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


def _user(request: OfficeRequest, personal_id: str) -> User:
    found = person(personal_id=personal_id, on=request.today)
    if found is None:
        raise Http404
    return found.user


def _waiting(request: OfficeRequest, user: User) -> Enrolment:
    """The enrolment that waits; never one's own."""
    found = pending_enrolment(user=user)
    if found is None or user.personal_id == request.actor.personal_id:
        raise Http404
    return found
