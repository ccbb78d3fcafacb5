"""A first PIN, or a new one for somebody who forgot it: handed over once, changed at the first sign-in."""

import secrets

from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.services.change_pin import change_pin

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another when read aloud or written down
_LENGTH = 10


def issue_pin(*, user: User) -> str:
    """Give the person a random PIN and return it: it is shown once and stored only as a hash."""
    pin = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    change_pin(user=user, pin=pin, must_change=True)
    return pin
