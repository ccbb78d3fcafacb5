"""One-time codes of 30 seconds and six digits (RFC 6238 with HMAC-SHA-1, which every authenticator can do)."""

from datetime import datetime

from django_otp.oath import TOTP

STEP = 30


def present_code(*, secret: bytes, at: datetime) -> str:
    """The code of a secret at a moment: for the demo, which shows it, and for tests."""
    totp = TOTP(secret, step=STEP)
    totp.time = at.timestamp()
    return f"{totp.token():06d}"
