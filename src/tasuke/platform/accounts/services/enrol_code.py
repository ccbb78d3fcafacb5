"""A new secret for a person's one-time codes."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from tasuke.platform.accounts.models import OneTimeCode, User
from tasuke.platform.accounts.sealing import seal, unseal

USING = "accounts"
_SECRET_BYTES = 20  # RFC 4226: 160 bits
ISSUER = "tasuke"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator takes: as text for typing, as a URI for the QR code."""

    secret: str  # Base32
    uri: str


def enrol_code(*, user: User, by: str, at: datetime, secret: bytes | None = None) -> Enrolment:
    """Replace the person's secret; the old codes stop at once. Unconfirmed until the first new code is typed.

    secret: given for demo people only; otherwise 160 random bits.
    """
    chosen = secret or secrets.token_bytes(_SECRET_BYTES)
    OneTimeCode.objects.using(USING).update_or_create(
        user=user,
        defaults={
            "sealed_secret": seal(chosen, owner=user.personal_id),
            "last_step": -1,
            "confirmed_at": None,
            "created_at": at,
            "created_by": by,
        },
    )
    return _enrolment(user.personal_id, chosen)


def pending_enrolment(*, user: User) -> Enrolment | None:
    """The enrolment that waits for its first code; None once it is confirmed: nobody sees a secret in use."""
    row = OneTimeCode.objects.using(USING).filter(user=user, confirmed_at=None).first()
    return _enrolment(user.personal_id, unseal(row.sealed_secret, owner=user.personal_id)) if row else None


def _enrolment(personal_id: str, secret: bytes) -> Enrolment:
    text = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode({"secret": text, "issuer": ISSUER, "algorithm": "SHA1", "digits": 6, "period": 30})
    return Enrolment(text, f"otpauth://totp/{ISSUER}:{quote(personal_id)}?{query}")
