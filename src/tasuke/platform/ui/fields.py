"""Form fields that the office types into: days in 和暦 or 西暦, money in yen, digits."""

import unicodedata
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from tasuke.core.wareki import InvalidDate, parse_date, to_wareki

DAY_HINT = "例 令和8年4月1日、R8.4.1、2026-04-01"


class DayField(forms.Field):
    """A day, typed in 和暦 or 西暦; shown again in 和暦. Gives a `date`, or None when empty and not required."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "short"})
    default_error_messages: ClassVar = {"required": "日付を入力してください"}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", DAY_HINT)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        """Read what was typed. Raises ValidationError in words."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        try:
            return parse_date(unicodedata.normalize("NFKC", str(value)).strip())
        except InvalidDate as error:
            raise ValidationError(f"日付として読めません: {str(value)[:20]}") from error

    def prepare_value(self, value: Any) -> Any:
        """A day that was not typed stands in 和暦; what was typed stands as it was typed."""
        return to_wareki(value) if isinstance(value, date) else value


class DigitsField(forms.CharField):
    """Digits only, typed in any width; thin spaces and hyphens are left out."""

    def __init__(self, *, length: int | None = None, **kwargs: Any) -> None:
        self.length = length
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """Narrow the digits. Raises ValidationError in words."""
        text = unicodedata.normalize("NFKC", super().to_python(value) or "")
        text = "".join(c for c in text if c not in " -‐−ー")
        if text and not (text.isascii() and text.isdigit()):
            raise ValidationError("数字だけを入力してください")
        if text and self.length and len(text) != self.length:
            raise ValidationError(f"{self.length}けたの数字を入力してください({len(text)}けたです)")
        return text


class MonthField(forms.Field):
    """A month, typed as 令和8年5月, R8.5 or 2026-05; gives its first day."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "short"})
    default_error_messages: ClassVar = {"required": "月を入力してください"}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "例 令和8年5月、R8.5、2026-05")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        """Read what was typed. Raises ValidationError in words."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value.replace(day=1)
        text = unicodedata.normalize("NFKC", str(value)).strip()
        first = f"{text}1日" if text.endswith("月") else f"{text}{'.' if '.' in text else '-'}01"
        try:
            return parse_date(first).replace(day=1)
        except InvalidDate as error:
            raise ValidationError(f"月として読めません: {str(value)[:20]}") from error

    def prepare_value(self, value: Any) -> Any:
        """A month that was not typed stands in 和暦."""
        return to_wareki(value).rpartition("月")[0] + "月" if isinstance(value, date) else value
