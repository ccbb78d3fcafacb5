"""End whatever session a person has open, wherever it is."""

from tasuke.platform.accounts.models import User

USING = "accounts"


def end_sessions(*, personal_id: str) -> bool:
    """End it: the next request of that session is sent to the sign-in page. False when none was open."""
    open_ones = User.objects.using(USING).filter(personal_id=personal_id).exclude(session_hash="")
    return bool(open_ones.update(session_hash=""))
