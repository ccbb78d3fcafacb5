"""What the second step of a sign-in accepts; a failure of any means counts towards the same lock as a wrong PIN."""

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.relying_party import RelyingParty
from tasuke.platform.accounts.security_keys import KeyRefused, Refusal
from tasuke.platform.accounts.services.use_code import use_code
from tasuke.platform.accounts.services.use_key import UsedKey, use_key

BY_CODE = "ワンタイムパスワード"  # as the audit trail names the means
BY_KEY = "セキュリティキー"
WRONG_CODE = "ワンタイムパスワードが違うか、すでに使われています。次の数字に変わってから入力してください。"


def code_opens(request: HttpRequest, user: User, typed: str) -> bool:
    """Check the one-time code and use it up."""
    if not _may_try(request, user):
        return False
    if use_code(personal_id=user.personal_id, code=typed, at=moment_of(request)):
        return True
    _count_failure(request, user)
    return False


def key_opens(request: HttpRequest, user: User, answer: str, party: RelyingParty) -> UsedKey:
    """Check what a security key signed and use the question up. Raises KeyRefused."""
    if not _may_try(request, user):
        raise KeyRefused(Refusal.LOCKED)
    key = request.session.session_key
    try:
        return use_key(user=user, session_key=key, answer=answer, party=party, at=moment_of(request))
    except KeyRefused:
        _count_failure(request, user)
        raise


def _may_try(request: HttpRequest, user: User) -> bool:
    """False for somebody who is locked out: the answer becomes the page that says so."""
    if AxesProxyHandler.is_allowed(request, {"personal_id": user.personal_id}):
        return True
    request.axes_locked_out = True  # type: ignore[attr-defined]
    return False


def _count_failure(request: HttpRequest, user: User) -> None:
    user_login_failed.send(sender=__name__, credentials={"personal_id": user.personal_id}, request=request)
