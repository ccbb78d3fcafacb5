"""Registered terminals: a long-lived signed cookie or a client certificate names the machine; others are refused."""

from django.core import signing
from django.http import HttpRequest, HttpResponse

from tasuke.platform.accounts.certificates import certificate_secret
from tasuke.platform.accounts.models import Terminal
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


def machine_of(request: HttpRequest) -> tuple[int, str] | None:
    """Terminal id and secret of this machine: by its client certificate when that is registered, else by its cookie."""
    secret = certificate_secret(request)
    if secret:
        live = Terminal.objects.using("accounts").filter(revoked_at=None, secret_hash=session_hash(secret))
        terminal_id = live.values_list("pk", flat=True).first()
        if terminal_id is not None:
            return int(terminal_id), secret
    return read_cookie(request)


def terminal_of(request: HttpRequest) -> str:
    """What a session remembers of its terminal: id and the hash of its secret; "" on a machine without one."""
    found = machine_of(request)
    return f"{found[0]}:{session_hash(found[1])}" if found else ""


def on_same_machine(request: HttpRequest, remembered: str) -> bool:
    """Whether the request comes from the terminal that a session remembers. Asks no database: it runs at every page."""
    known = remembered.partition(":")[2]
    secrets = [certificate_secret(request)]
    cookie = read_cookie(request)
    if cookie is not None and str(cookie[0]) == remembered.partition(":")[0]:
        secrets.append(cookie[1])
    return any(secret and session_hash(secret) == known for secret in secrets)
