"""A 個人番号 that a clerk types from a card: it lives in the memory of one request and shows itself nowhere."""

import unicodedata
from typing import Any

from django import forms

from tasuke.core.numbers import NumberKind, check_number, is_synthetic_my_number
from tasuke.platform.crypto.sealed import seal_for
from tasuke.systems.subsidy.profile import active_profile

_DIGITS = 12
_CONTEXT = "my_number"  # of the JWE between systems


class TypedNumber:
    """Digits as typed. No representation and no pickling shows them; the only way out is the seal."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __repr__(self) -> str:
        return "TypedNumber(************)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a 個人番号 is not pickled")

    def sealed_for(self, jwk: dict[str, str]) -> str:
        """JWE to the one system that may open it."""
        return seal_for(jwk, self._digits.encode("ascii"), context=_CONTEXT)


class NeverShown(forms.TextInput):
    """An input that comes back empty whatever was typed.

    Not a password field: browsers offer to keep what is typed into one.
    """

    def __init__(self) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false", "maxlength": "20"}
        super().__init__(attrs={**attrs, "class": "short", "data-never-kept": ""})

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Without the value."""
        return super().get_context(name, None, attrs)


class MyNumberField(forms.Field):
    """Twelve digits with their check digit, as `TypedNumber`. No message repeats a digit.

    A fictitious city takes only numbers that can be nobody's, a real one never takes those.
    """

    widget = NeverShown

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": "個人番号を入力してください"})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> TypedNumber | None:
        """Digits of any width, with blanks or hyphens between. Raises ValidationError in words without digits."""
        text = "".join(
            c for c in unicodedata.normalize("NFKC", str(value or "")) if not c.isspace() and c not in "-‐−ー"
        )
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) != _DIGITS:
            raise forms.ValidationError("12けたの数字を入力してください。入力した番号は残していません", code="digits")
        refusal = _refusal(text, synthetic_only=active_profile().fictitious)
        if refusal:
            raise forms.ValidationError(f"{refusal}。入力した番号は残していません", code="number")
        return TypedNumber(text)


def _refusal(digits: str, *, synthetic_only: bool) -> str:
    if is_synthetic_my_number(digits):
        return "" if synthetic_only else "架空の個人番号は使えません"
    if not check_number(NumberKind.MY_NUMBER, digits).valid:
        return "検査用数字が合いません。カードの番号を確かめてください"
    return "架空の市のため、架空の個人番号だけを使えます" if synthetic_only else ""
