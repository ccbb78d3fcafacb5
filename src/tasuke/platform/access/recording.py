"""What happens around a sign-in goes into the audit trail of the accounts database; nobody has a screen open yet."""

from typing import Any

from django.http import HttpRequest

from tasuke.platform.accounts.moment import moment_of
from tasuke.platform.accounts.security_keys import KeyRefused, Refusal
from tasuke.platform.accounts.terminals import machine_of
from tasuke.platform.audit import EventKind, Origin, Recorder

USING = "accounts"


def record_sign_in(
    request: HttpRequest, *, personal_id: str, kind: EventKind | str, what: str = "", **facts: Any
) -> None:
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
    recorder.event(kind, what, **facts, address=request.META.get("REMOTE_ADDR", ""))
    recorder.flush(USING)


def record_refused_key(request: HttpRequest, *, personal_id: str, error: KeyRefused) -> None:
    """Record a failed sign-in by a security key, and that the key may have been copied where its count says so."""
    facts = {"reason": str(error.refusal), "security_key": error.number or ""}
    kinds = [EventKind.SIGN_IN_FAILED, *([EventKind.KEY_COPIED] if error.refusal is Refusal.COPIED else [])]
    for kind in kinds:
        record_sign_in(request, personal_id=personal_id, kind=kind, what="セキュリティキー", **facts)
