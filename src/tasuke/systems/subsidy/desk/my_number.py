"""No 個人番号 is typed into a free text of the counter: it would stand where nobody protects it. Pure."""

import re
import unicodedata

from django.core.exceptions import ValidationError

from tasuke.core.numbers import NumberKind, check_number

# twelve digits, as people write them: in one piece, or with blanks, hyphens and dots between
_TWELVE = re.compile(r"(?<![0-9])[0-9](?:[\s\-‐‑–−ー・.,]*[0-9]){11}(?![0-9])")


def holds_my_number(text: str) -> bool:
    """Whether somewhere in the text stands what can be a 個人番号: twelve digits with a right check digit."""
    plain = unicodedata.normalize("NFKC", text)
    found = (re.sub(r"[^0-9]", "", match.group()) for match in _TWELVE.finditer(plain))
    return any(check_number(NumberKind.MY_NUMBER, digits).valid for digits in found)


def no_my_number(text: str) -> None:
    """Validator of form fields. The number itself is not in the message."""
    if holds_my_number(text):
        raise ValidationError("個人番号と思われる12けたの数字があります。個人番号は書けません", code="my_number")
