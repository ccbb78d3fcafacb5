"""Registered terminals: a long-lived signed cookie names the machine; everything else is refused."""

from django.core import signing
from django.http import HttpRequest, HttpResponse

from tasuke.platform.accounts.sessions import session_hash

_SALT = "tasuke.terminal"
_YEARS = 5 * 365 * 24 * 3600  # as long as a machine lives; it is revoked by an administrator, not by time


def cookie_name(request: HttpRequest) -> str:
    """`__Host-` binds the cookie to this host; a browser takes that name over TLS only."""
    return "__Host-tasuke-terminal" if request.is_secure() else "tasuke-terminal"


def issue_cookie(request: HttpRequest, response: HttpResponse, *, terminal_id: int, secret: str) -> None:
    """Make this machine that terminal."""
    response.set_cookie(
        cookie_name(request),
        signing.dumps([terminal_id, secret], salt=_SALT),
        max_age=_YEARS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )


def read_cookie(request: HttpRequest) -> tuple[int, str] | None:
    """Terminal id and secret of this machine's cookie; None when there is none or it was tampered with."""
    text = request.COOKIES.get(cookie_name(request), "")
    try:
        terminal_id, secret = signing.loads(text, salt=_SALT, max_age=_YEARS)
    except (signing.BadSignature, ValueError):
        return None
    return int(terminal_id), str(secret)


def terminal_of(request: HttpRequest) -> str:
    """What a session remembers of its terminal: id and the hash of its secret; "" without a cookie."""
    found = read_cookie(request)
    return f"{found[0]}:{session_hash(found[1])}" if found else ""
