"""A machine that is lost, sold or moved may no longer be used."""

from datetime import datetime

from tasuke.platform.accounts.models import Terminal, User

USING = "accounts"


def revoke_terminal(*, terminal_id: int, by: str, at: datetime) -> bool:
    """Revoke. False when it already was. Sessions on it end at their next request."""
    live = Terminal.objects.using(USING).filter(pk=terminal_id, revoked_at=None)
    revoked = bool(live.update(revoked_at=at, revoked_by=by, ticket_hash="", secret_hash=""))
    User.objects.using(USING).filter(session_terminal=terminal_id).update(session_hash="", session_terminal=None)
    return revoked
