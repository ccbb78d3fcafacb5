"""Sign a person in, after both factors."""

from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.sessions import SEEN, SINCE, TERMINAL, session_hash
from tasuke.platform.accounts.terminals import machine_of, terminal_of

USING = "accounts"


def open_session(*, request: HttpRequest, user: User) -> None:
    """Open the one session of this person: a new key, nothing of what the browser brought, any other session ends."""
    Session.objects.using(USING).filter(expire_date__lt=moment_of(request)).delete()  # of those who just went away
    request.session.flush()
    login(request, user, backend="tasuke.platform.accounts.backends.PersonalIdBackend")
    moment = moment_of(request).timestamp()
    request.session.update({SEEN: moment, SINCE: moment, TERMINAL: terminal_of(request)})
    adopt_session(request=request, user=user)


def adopt_session(*, request: HttpRequest, user: User) -> None:
    """Make the request's session the one open session of this person (also after its key was changed)."""
    user.session_hash = session_hash(request.session.session_key)
    machine = machine_of(request)
    user.session_terminal = machine[0] if machine else None
    user.save(using=USING, update_fields=["session_hash", "session_terminal"])
