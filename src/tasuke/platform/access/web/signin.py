"""Sign-in in two steps, and sign-out."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access.recording import record_refused_key, record_sign_in
from tasuke.platform.access.screen import public
from tasuke.platform.access.web.factors import BY_CODE, BY_KEY, WRONG_CODE, code_opens, key_opens
from tasuke.platform.access.web.forms import CodeForm, KeyAnswerForm, PinForm
from tasuke.platform.access.web.next_page import next_page
from tasuke.platform.accounts.backends import USING
from tasuke.platform.accounts.models import SecurityKey, User
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.relying_party import relying_party
from tasuke.platform.accounts.security_keys import KeyPurpose, KeyRefused, sign_in_options
from tasuke.platform.accounts.services.ask_key import ask_key
from tasuke.platform.accounts.services.open_session import open_session
from tasuke.platform.accounts.services.register_terminal import is_registered
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
_WRONG_KEY = "セキュリティキーでは確かめられませんでした。もう一度行うか、ワンタイムパスワードを入力してください。"
_YES_NO = {True: "あり", False: "なし"}


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
        if code_opens(request, user, form.cleaned_data["code"]):
            return _opened(request, user, by=BY_CODE)
        record_sign_in(request, personal_id=user.personal_id, kind=EventKind.SIGN_IN_FAILED, what=BY_CODE)
        form.add_error("code", WRONG_CODE)
    return _second_step(request, user, form)


@public("サインインの二段目(セキュリティキー)")
@sensitive_post_parameters("credential")
@require_POST
def key(request: HttpRequest) -> HttpResponse:
    """The same step by a security key; whoever has none, or no script, types the code."""
    user, party = _pending(request), relying_party(request)
    if user is None or party is None or not _machine_allowed(request):
        return redirect("accounts:signin")
    form = KeyAnswerForm(request.POST)
    if form.is_valid():
        try:
            used = key_opens(request, user, form.cleaned_data["credential"], party)
        except KeyRefused as error:
            record_refused_key(request, personal_id=user.personal_id, error=error)
            form.add_error(None, _WRONG_KEY)
        else:
            return _opened(request, user, by=BY_KEY, security_key=used.number, verified=_YES_NO[used.verified])
    return _second_step(request, user, CodeForm(), refused=form)


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


def _opened(request: HttpRequest, user: User, *, by: str, **facts: Any) -> HttpResponse:
    """The session, and on record by which means it was opened."""
    target = next_page(request)
    open_session(request=request, user=user)
    record_sign_in(request, personal_id=user.personal_id, kind=EventKind.SIGN_IN, what=by, **facts)
    return HttpResponseRedirect(target)


def _second_step(
    request: HttpRequest, user: User, form: CodeForm, *, refused: KeyAnswerForm | None = None
) -> HttpResponse:
    """The page: the code for everybody, and the key for who has one that answers here. refused: an answer of a key."""
    context = {"form": form, "refused": refused, "options": _key_options(request, user), "next": next_page(request)}
    return render(request, "access/code.html", context, status=401 if form.errors or refused else 200)


def _key_options(request: HttpRequest, user: User) -> str:
    """What the page's script asks the browser for; "" for somebody without a key that answers here."""
    party, at = relying_party(request), moment_of(request)
    if party is None:
        return ""
    keys = list(SecurityKey.objects.using(USING).of_person(user.personal_id).usable_at(at).filter(rp_id=party.id))
    if not keys:
        return ""
    challenge = ask_key(user=user, session_key=request.session.session_key, purpose=KeyPurpose.SIGN_IN, at=at)
    return sign_in_options(party=party, challenge=challenge, keys=keys)


def _machine_allowed(request: HttpRequest) -> bool:
    if not settings.REQUIRE_TERMINAL:
        return True
    found = machine_of(request)
    return found is not None and is_registered(terminal_id=found[0], secret=found[1])
