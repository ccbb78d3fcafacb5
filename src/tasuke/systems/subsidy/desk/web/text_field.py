"""Text typed at the desk: names and addresses come in as they come in from the registers, and hold no 個人番号."""

from typing import Any

from django import forms

from tasuke.core.text import normalize
from tasuke.systems.subsidy.desk.my_number import no_my_number


class TypedText(forms.CharField):
    """A text in the form in which the feeds are stored: NFC, and a compatibility ideograph (神 as U+FA19) becomes the
    variation sequence of its form. The length is that of the form that is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[no_my_number], **kwargs)

    def to_python(self, value: Any) -> str:
        """What was typed, as it is kept."""
        return normalize(super().to_python(value) or "")
