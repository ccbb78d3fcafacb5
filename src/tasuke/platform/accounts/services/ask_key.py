"""Put a question to a person's key."""

import secrets
from datetime import datetime, timedelta

from tasuke.platform.accounts.models import KeyQuestion, User
from tasuke.platform.accounts.security_keys import VALID_SECONDS, KeyPurpose
from tasuke.platform.accounts.sessions import session_hash

USING = "accounts"
_BYTES = 32  # the standard asks for 16 at least


def ask_key(*, user: User, session_key: str | None, purpose: KeyPurpose, at: datetime, label: str = "") -> bytes:
    """Random bytes for one answer in this session; an older question of the session counts no more.

    label: the name of a key that is to be registered. Questions that nobody answered are cleared away here.
    """
    challenge = secrets.token_bytes(_BYTES)
    KeyQuestion.objects.using(USING).filter(until__lte=at).delete()
    KeyQuestion.objects.using(USING).update_or_create(
        session_hash=session_hash(session_key),
        purpose=purpose.value,
        defaults={
            "user": user,
            "challenge": challenge,
            "label": label,
            "until": at + timedelta(seconds=VALID_SECONDS),
        },
    )
    return challenge


def take_question(*, user: User, session_key: str | None, purpose: KeyPurpose, at: datetime) -> KeyQuestion | None:
    """The question of this session, used up by asking for it: of two answers to it one finds nothing.

    None when there is none, it is somebody else's, or it is too old. Call it inside a transaction.
    """
    rows = KeyQuestion.objects.using(USING).select_for_update()
    found = rows.filter(session_hash=session_hash(session_key), purpose=purpose.value).first()
    if found is None:
        return None
    found.delete()
    return found if found.user_id == user.personal_id and found.until > at else None
