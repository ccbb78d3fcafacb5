"""The second thing that a person knows: the PIN."""

from itertools import pairwise

from tasuke.platform.accounts.models import User

USING = "accounts"
SHORTEST, LONGEST = 8, 64  # NIST SP 800-63B: at least eight, and long ones are never refused


class WeakPin(ValueError):
    """Why this PIN is not taken, in Japanese."""


def change_pin(*, user: User, pin: str, must_change: bool = False) -> None:
    """Store a PIN as an Argon2id hash. must_change: it was chosen by another person. Raises WeakPin.

    A changed PIN ends every session that was opened with the old one.
    """
    check_pin(pin, personal_id=user.personal_id)
    if user.has_usable_password() and user.check_password(pin):
        raise WeakPin("今と同じPINは使えません")
    user.set_password(pin)
    user.must_change_pin = must_change
    user.save(using=USING, update_fields=["password", "must_change_pin"])


def check_pin(pin: str, *, personal_id: str) -> None:
    """Raises WeakPin for a PIN that is short, or guessed at the first tries."""
    if not SHORTEST <= len(pin) <= LONGEST:
        raise WeakPin(f"PINは{SHORTEST}〜{LONGEST}文字にしてください")
    if len(set(pin)) <= SHORTEST // 4:
        raise WeakPin("同じ文字の繰り返しは使えません")
    if _is_run(pin):
        raise WeakPin("12345678 のような並びは使えません")
    if personal_id.lower() in pin.lower() or pin.lower() in personal_id.lower():
        raise WeakPin("職員IDを含むPINは使えません")


def _is_run(pin: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    return steps in ({1}, {-1})
