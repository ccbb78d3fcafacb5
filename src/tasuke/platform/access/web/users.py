"""People: the list, one person, a new one, a new PIN, release, and the end of a session."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasuke.platform.access.actions import Action
from tasuke.platform.access.people import Person, find_people, keys_of, person
from tasuke.platform.access.request import OfficeRequest
from tasuke.platform.access.screen import screen
from tasuke.platform.access.web.admin_forms import UserForm
from tasuke.platform.accounts.services.create_user import PersonalIdTaken, create_user
from tasuke.platform.accounts.services.end_sessions import end_sessions
from tasuke.platform.accounts.services.issue_pin import issue_pin
from tasuke.platform.accounts.services.release_lock import release_lock
from tasuke.platform.accounts.services.remove_key import remove_key
from tasuke.platform.audit import EventKind
from tasuke.platform.ui.paging import page_of

NOT_ONESELF = "自分のPINと認証アプリは、別の管理者が発行します。"


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def index(request: OfficeRequest) -> HttpResponse:
    """People by id, found by the beginning of an id or a part of a name."""
    text, after, locked = request.GET.get("q", "")[:60], request.GET.get("after", "")[:20], "locked" in request.GET
    found = find_people(text=text, after=after, on=request.today, locked=locked)
    page = page_of(found, key=lambda p: p.user.personal_id, after=after)
    return render(request, "access/users.html", {"page": page, "q": text, "locked": locked})


@require_GET
@screen(Action.VIEW_ACCOUNTS, using="accounts")
def show(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """One person: state, code, lock, security keys, every grant that was ever asked for."""
    context = {"person": _person(request, personal_id), "keys": keys_of(personal_id=personal_id, at=request.at)}
    return render(request, "access/user.html", context)


@require_http_methods(["GET", "POST"])
@screen(Action.MANAGE_USERS, using="accounts")
def new(request: OfficeRequest) -> HttpResponse:
    """Take a person into the list; PIN, code and grants follow one by one."""
    form = UserForm(request.POST or None, initial={"start": request.today})
    if request.method == "POST" and form.is_valid():
        data = {k: v for k, v in form.cleaned_data.items() if k != "last"}
        try:
            user = create_user(**data, by=request.actor.personal_id, at=request.at)
        except (PersonalIdTaken, ValidationError) as error:
            form.add_error("personal_id", str(error) if isinstance(error, PersonalIdTaken) else error.messages[0])
        else:
            request.audit.event("user-created", user.personal_id, office=user.office)
            messages.success(request, "利用者を登録しました。PINと認証アプリを発行してください。")
            return redirect("accounts_admin:user", personal_id=user.personal_id)
    return render(request, "access/new_user.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@screen(Action.MANAGE_USERS, using="accounts")
def new_pin(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """Issue a PIN: shown on this page and never again, changed at the first sign-in."""
    found = _other(request, personal_id)
    if found is None:
        return redirect("accounts_admin:user", personal_id=personal_id)
    pin = issue_pin(user=found.user)
    request.audit.event("pin-issued", personal_id)
    return render(request, "access/new_pin.html", {"person": found, "pin": pin})


@require_POST
@screen(Action.MANAGE_USERS, using="accounts")
def release(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """Let a locked-out person try again."""
    _person(request, personal_id)
    if release_lock(personal_id=personal_id):
        request.audit.event(EventKind.RELEASED, personal_id)
        messages.success(request, "ロックを解除しました。")
    return redirect("accounts_admin:user", personal_id=personal_id)


@require_POST
@screen(Action.MANAGE_USERS, using="accounts")
def end_session(request: OfficeRequest, personal_id: str) -> HttpResponse:
    """End whatever session the person has open."""
    _person(request, personal_id)
    if end_sessions(personal_id=personal_id):
        request.audit.event("session-ended", personal_id)
        messages.success(request, "サインアウトさせました。")
    return redirect("accounts_admin:user", personal_id=personal_id)


@require_POST
@screen(Action.MANAGE_USERS, using="accounts")
def remove_security_key(request: OfficeRequest, personal_id: str, key_id: int) -> HttpResponse:
    """Take a key out of use that somebody lost; who holds it may have a session open, and that ends too."""
    _person(request, personal_id)
    if not remove_key(key_id=key_id, personal_id=personal_id, by=request.actor.personal_id, at=request.at):
        raise Http404
    end_sessions(personal_id=personal_id)
    request.audit.event(EventKind.KEY_REMOVED, personal_id, security_key=key_id)
    messages.success(request, "セキュリティキーを取り消しました。")
    return redirect("accounts_admin:user", personal_id=personal_id)


def _person(request: OfficeRequest, personal_id: str) -> Person:
    found = person(personal_id=personal_id, on=request.today)
    if found is None:
        raise Http404
    return found


def _other(request: OfficeRequest, personal_id: str) -> Person | None:
    """The person, unless that is oneself: nobody hands the keys to themselves."""
    found = _person(request, personal_id)
    if personal_id == request.actor.personal_id:
        messages.error(request, NOT_ONESELF)
        return None
    return found
