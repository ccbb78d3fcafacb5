"""What happens around a sign-in goes into the audit trail of the accounts database; nobody has a screen open yet."""

from django.http import HttpRequest

from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.terminals import machine_of
from tasuke.platform.audit import EventKind, Origin, Recorder

USING = "accounts"


def record_sign_in(request: HttpRequest, *, personal_id: str, kind: EventKind | str, what: str = "") -> None:
    """Record an event of somebody who is not signed in (yet, or any more). personal_id: as typed, cut to its length."""
    machine = machine_of(request)
    origin = Origin(
        personal_id=personal_id[:20],
        at=moment_of(request),
        terminal=str(machine[0]) if machine else "",
        action="sign-in",
        screen=request.path_info[:60],
    )
    recorder = Recorder(origin)
    recorder.event(kind, what, address=request.META.get("REMOTE_ADDR", ""))
    recorder.flush(USING)
