"""Sign-in in two steps, and sign-out."""

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access.recording import record_sign_in
from tasuke.platform.access.screen import public
from tasuke.platform.access.web.forms import CodeForm, PinForm
from tasuke.platform.access.web.next_page import next_page
from tasuke.platform.accounts.backends import USING
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.services.open_session import open_session
from tasuke.platform.accounts.services.register_terminal import is_registered
from tasuke.platform.accounts.services.use_code import use_code
from tasuke.platform.accounts.sessions import PENDING, PENDING_AT
from tasuke.platform.accounts.terminals import machine_of
from tasuke.platform.audit import EventKind

PENDING_SECONDS = 180  # between the PIN and the code
ENDED = {
    "idle": "しばらく操作がなかったため、サインアウトしました。",
    "long": "サインインから12時間たったため、サインアウトしました。",
    "displaced": "同じ職員IDで別のサインインがあったため終わりました。覚えがなければ管理者に知らせてください。",
    "left": "この職員IDは今日は使えません。",
    "terminal": "端末の登録が変わったため、サインアウトしました。",
    "self": "サインアウトしました。",
}
_WRONG_PIN = "職員IDかPINが違います。"
_WRONG_CODE = "ワンタイムパスワードが違うか、すでに使われています。次の数字に変わってから入力してください。"


@public("サインインの入口")
@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
def pin(request: HttpRequest) -> HttpResponse:
    """First step. Nothing tells whether an id exists."""
    if request.user.is_authenticated:
        return redirect(next_page(request))
    if not _machine_allowed(request):
        return render(request, "access/unregistered.html", status=403)
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if user is not None:
            request.session.flush()  # nothing that the browser brought survives
            request.session[PENDING] = user.personal_id
            request.session[PENDING_AT] = moment_of(request).timestamp()
            return HttpResponseRedirect(f"code/?{urlencode({'next': next_page(request)})}")
        record_sign_in(request, personal_id=form.cleaned_data["personal_id"], kind=EventKind.SIGN_IN_FAILED, what="PIN")
        form.add_error(None, _WRONG_PIN)
    ended = ENDED.get(request.GET.get("ended", ""), "")
    status = 401 if form.errors else 200
    return render(
        request, "access/signin.html", {"form": form, "ended": ended, "next": next_page(request)}, status=status
    )


@public("サインインの二段目")
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Second step, within three minutes of the first one."""
    user = _pending(request)
    if user is None or not _machine_allowed(request):
        return redirect("accounts:signin")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _code_opens(request, user, form.cleaned_data["code"]):
            open_session(request=request, user=user)
            record_sign_in(request, personal_id=user.personal_id, kind=EventKind.SIGN_IN)
            return HttpResponseRedirect(next_page(request))
        record_sign_in(
            request, personal_id=user.personal_id, kind=EventKind.SIGN_IN_FAILED, what="ワンタイムパスワード"
        )
        form.add_error("code", _WRONG_CODE)
    status = 401 if form.errors else 200
    return render(request, "access/code.html", {"form": form, "next": next_page(request)}, status=status)


@public("サインアウトは誰にでもできる")
@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """End one's own session."""
    if request.user.is_authenticated:
        record_sign_in(request, personal_id=request.user.personal_id, kind=EventKind.SIGN_OUT)
    logout(request)
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?ended=self")


def _pending(request: HttpRequest) -> User | None:
    """The person whose PIN was right a moment ago."""
    moment = moment_of(request).timestamp()
    if moment - request.session.get(PENDING_AT, 0) > PENDING_SECONDS:
        return None
    return User.objects.using(USING).filter(personal_id=request.session.get(PENDING, "")).first()


def _code_opens(request: HttpRequest, user: User, typed: str) -> bool:
    """Check the code; a wrong one counts towards the same lock as a wrong PIN."""
    credentials = {"personal_id": user.personal_id}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        return False
    if use_code(personal_id=user.personal_id, code=typed, at=moment_of(request)):
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False


def _machine_allowed(request: HttpRequest) -> bool:
    if not settings.REQUIRE_TERMINAL:
        return True
    found = machine_of(request)
    return found is not None and is_registered(terminal_id=found[0], secret=found[1])
