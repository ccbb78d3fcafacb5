"""One's own account: what it opens with, and the security keys that its owner registers, renames and removes."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.people import coded_ids, keys_of
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.web.factors import BY_CODE, WRONG_CODE, code_opens
from tasuke.platform.access.web.forms import KeyAnswerForm, KeyLabelForm, NewKeyForm
from tasuke.platform.accounts.models import SecurityKey, User
from tasuke.platform.accounts.relying_party import RelyingParty, address_for_keys, relying_party
from tasuke.platform.accounts.security_keys import (
    MOST_KEYS,
    KeyPurpose,
    KeyRefused,
    Refusal,
    registration_options,
)
from tasuke.platform.accounts.services.ask_key import ask_key
from tasuke.platform.accounts.services.register_key import register_key
from tasuke.platform.accounts.services.remove_key import remove_key
from tasuke.platform.accounts.services.rename_key import rename_key
from tasuke.platform.audit import EventKind

_USING = "accounts"
_NOT_REGISTERED = {
    Refusal.STALE: "時間がたったか、別の画面で始め直されました。もう一度はじめから行ってください。",
    Refusal.KNOWN: "このキーはすでに登録されています。",
    Refusal.TOO_MANY: f"キーは{MOST_KEYS}本までです。使わないキーを取り消してください。",
}
_FAILED = "キーを登録できませんでした。もう一度はじめから行ってください。"


@sensitive_post_parameters("pin", "code")
@require_http_methods(["GET", "POST"])
@screen(Action.OWN_ACCOUNT, using=_USING)
def show(request: OfficeRequest) -> HttpResponse:
    """One's own account; a new key begins here, with the PIN and a one-time code typed again."""
    user, party = cast(User, request.user), relying_party(request)
    if user.must_change_pin:
        return redirect("accounts:pin")
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and party is not None and form.is_valid() and _is_oneself(request, user, form):
        return _ask(request, user, party, label=form.cleaned_data["label"])
    context = {
        "user": user,
        "coded": bool(coded_ids([user.personal_id])),
        "keys": keys_of(personal_id=user.personal_id, at=request.at, removed=False),
        "party": party,
        "elsewhere": address_for_keys(request),
        "form": form,
    }
    return render(request, "access/account.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("credential")
@require_POST
@screen(Action.OWN_ACCOUNT, using=_USING)
def register(request: OfficeRequest) -> HttpResponse:
    """Take the key that answered."""
    user, party, form = cast(User, request.user), relying_party(request), KeyAnswerForm(request.POST)
    if party is None or not form.is_valid():
        messages.error(request, _FAILED)
        return redirect("accounts:account")
    answer = form.cleaned_data["credential"]
    try:
        key = register_key(
            user=user, session_key=request.session.session_key, answer=answer, party=party, at=request.at
        )
    except KeyRefused as error:
        request.audit.event(EventKind.KEY_REFUSED, reason=str(error.refusal))
        messages.error(request, _NOT_REGISTERED.get(error.refusal, _FAILED))
    else:
        request.audit.event(EventKind.KEY_REGISTERED, security_key=key.pk)
        messages.success(request, f"セキュリティキー「{key.label}」を登録しました。次のサインインから使えます。")
    return redirect("accounts:account")


@require_POST
@screen(Action.OWN_ACCOUNT, using=_USING)
def rename(request: OfficeRequest, key_id: int) -> HttpResponse:
    """Another name for a key of one's own."""
    form = KeyLabelForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors["label"]))
        return redirect("accounts:account")
    label = form.cleaned_data["label"]
    if not rename_key(key_id=key_id, personal_id=request.actor.personal_id, label=label, at=request.at):
        raise Http404
    request.audit.event(EventKind.KEY_RENAMED, security_key=key_id)
    messages.success(request, "セキュリティキーの名前を変えました。")
    return redirect("accounts:account")


@require_POST
@screen(Action.OWN_ACCOUNT, using=_USING)
def remove(request: OfficeRequest, key_id: int) -> HttpResponse:
    """A key of one's own opens nothing any more; the one-time code still does."""
    own = request.actor.personal_id
    if not remove_key(key_id=key_id, personal_id=own, by=own, at=request.at):
        raise Http404
    request.audit.event(EventKind.KEY_REMOVED, own, security_key=key_id)
    messages.success(request, "セキュリティキーを取り消しました。")
    return redirect("accounts:account")


def _is_oneself(request: OfficeRequest, user: User, form: NewKeyForm) -> bool:
    """PIN and code of the person who is signed in; whoever guesses at an open screen runs into the same lock."""
    if authenticate(request, personal_id=user.personal_id, pin=form.cleaned_data["pin"]) is None:
        request.audit.event(EventKind.KEY_REFUSED, reason="PIN")
        form.add_error("pin", "今のPINが違います")
        return False
    if not code_opens(request, user, form.cleaned_data["code"]):
        request.audit.event(EventKind.KEY_REFUSED, reason=BY_CODE)
        form.add_error("code", WRONG_CODE)
        return False
    return True


def _ask(request: OfficeRequest, user: User, party: RelyingParty, *, label: str) -> HttpResponse:
    """The page on which the browser talks to the key."""
    challenge = ask_key(
        user=user, session_key=request.session.session_key, purpose=KeyPurpose.REGISTER, at=request.at, label=label
    )
    known = SecurityKey.objects.using(_USING).of_person(user.personal_id).kept_at(request.at)
    options = registration_options(user=user, party=party, challenge=challenge, known=known.filter(rp_id=party.id))
    return render(request, "access/new_key.html", {"options": options, "label": label})
