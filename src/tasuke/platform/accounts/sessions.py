"""Keys of what a session holds, and the hash under which the database knows the one open session of a person."""

import hashlib

SEEN = "seen"  # POSIX seconds of the last work at it
SINCE = "since"  # POSIX seconds of the sign-in
TERMINAL = "terminal"  # id of the registered terminal, "" where none is asked for
PENDING = "pending"  # personal id whose PIN was right, before the one-time code
PENDING_AT = "pending_at"


def session_hash(key: str | None) -> str:
    """SHA-256 of a session key: enough to compare, useless to a thief of the table of people."""
    return hashlib.sha256((key or "").encode()).hexdigest() if key else ""
