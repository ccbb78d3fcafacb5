"""A session lives while somebody works at it: idle, displaced, too old, on another machine – and it ends."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve, reverse
from django.urls.exceptions import Resolver404

from tasuke.platform.accounts.leading import lead_to
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.sessions import SEEN, SINCE, TERMINAL, session_hash
from tasuke.platform.accounts.terminals import on_same_machine

# the session row is written at most that often, not at every page: idle time is exact to this many seconds, and they
# are given on top, so that nobody is out before the warning on the screen has run down
_WRITE_EVERY = 20


class LiveSession:
    """Ends a signed-in session that may not go on, and tells the person why."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(settings.STATIC_URL) or not request.user.is_authenticated:
            return self.get_response(request)
        moment = moment_of(request).timestamp()
        why = why_ended(request, request.user, moment)
        if why is not None:
            logout(request)
            return lead_to(request, f"{reverse('accounts:signin')}?ended={why}")
        if moment - request.session[SEEN] >= _WRITE_EVERY and not _polls(request):
            request.session[SEEN] = moment
        return self.get_response(request)


def why_ended(request: HttpRequest, user: User, moment: float) -> str | None:
    """Why this session may not go on (a word of `signin.ENDED`), or None."""
    session: Any = request.session
    checks = {
        "idle": moment - session.get(SEEN, 0) > settings.IDLE_SECONDS + _WRITE_EVERY,
        "long": moment - session.get(SINCE, 0) > settings.WORKDAY_SECONDS,
        "displaced": user.session_hash != session_hash(session.session_key),
        "left": not user.works_on(moment_of(request).date()),
        "terminal": bool(session.get(TERMINAL)) and not on_same_machine(request, session[TERMINAL]),
    }
    return next((why for why, ended in checks.items() if ended), None)


def _polls(request: HttpRequest) -> bool:
    """Whether the page asks by itself: that keeps nobody signed in."""
    try:
        return bool(getattr(resolve(request.path_info).func, "poll", False))
    except Resolver404:
        return False
