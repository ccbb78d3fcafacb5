"""One's own account: the PIN, and what for residents' data are looked at."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

from tasuke.platform.access.actions import Action
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import PURPOSE_KEY, screen
from tasuke.platform.access.web.forms import OwnPinForm, PurposeForm
from tasuke.platform.access.web.next_page import next_page
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.services.change_pin import WeakPin, change_pin
from tasuke.platform.accounts.services.open_session import adopt_session


@sensitive_post_parameters("present", "new", "again")
@screen(Action.OWN_ACCOUNT, using="accounts")
def change_own_pin(request: OfficeRequest) -> HttpResponse:
    """Change one's own PIN; asks for the present one."""
    user = cast(User, request.user)
    form = OwnPinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not user.check_password(form.cleaned_data["present"]):
            form.add_error("present", "今のPINが違います")
        else:
            try:
                change_pin(user=user, pin=form.cleaned_data["new"])
            except WeakPin as error:
                form.add_error("new", str(error))
            else:
                update_session_auth_hash(request, user)
                adopt_session(request=request, user=user)
                request.audit.event("pin-changed", "自分のPIN")
                messages.success(request, "PINを変えました。")
                return HttpResponseRedirect("/")
    context = {"form": form, "first": user.must_change_pin}
    return render(request, "access/pin.html", context, status=422 if form.errors else 200)


@screen(Action.OWN_ACCOUNT, using="accounts")
def choose_purpose(request: OfficeRequest) -> HttpResponse:
    """Say what for residents' data are looked at from now on; every event in the audit trail carries it."""
    target = next_page(request)
    form = PurposeForm(request.POST or None, initial={"purpose": request.purpose})
    if request.method == "POST" and form.is_valid():
        request.session[PURPOSE_KEY] = form.cleaned_data["purpose"]
        return HttpResponseRedirect(target)
    context = {"form": form, "next": target}
    return render(request, "access/purpose.html", context, status=422 if form.errors else 200)
