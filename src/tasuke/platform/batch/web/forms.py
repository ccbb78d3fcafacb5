"""Forms of the screens of runs."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tasuke.platform.batch.desk import DESK, FieldKind, Offer
from tasuke.platform.batch.models import RunState
from tasuke.platform.ui.fields import DayField, MonthField
from tasuke.platform.ui.site import site

LARGEST_FILE = 2 * 2**30  # bytes: a year of claims of a large city in one file has 1.5 GB


class RunFilter(forms.Form):
    """Which runs a list shows."""

    job = forms.ChoiceField(label="処理", required=False)
    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *RunState.choices])
    problems = forms.BooleanField(label="取り込めなかった行があるもの", required=False)

    def __init__(self, *args: Any, jobs: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["job"] = forms.ChoiceField(label="処理", required=False, choices=[("", "すべて"), *jobs])


class PlanForm(forms.Form):
    """The parameters of one job. today: what a day or month is preset to; schemes: the permitted ones, None = all."""

    def __init__(self, *args: Any, offer: Offer, today: date, schemes: frozenset[str] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        for kind in offer.fields:
            self.fields[kind] = _field(kind, today, schemes)


def _field(kind: FieldKind, today: date, schemes: frozenset[str] | None) -> forms.Field:
    if kind == "scheme":
        listed = [(key, title) for key, title in site().schemes.items() if schemes is None or key in schemes]
        return forms.ChoiceField(label="制度", choices=listed)
    if kind == "month":
        return MonthField(label="月", initial=today)
    return DayField(label="支払日" if kind == "pay_on" else "基準日", initial=today)


class ImportForm(forms.Form):
    """A file that came in."""

    kind = forms.ChoiceField(label="ファイルの種類")
    file = forms.FileField(label="ファイル", help_text="同じファイルをもう一度取り込んでも、何も変わりません。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(label="ファイルの種類", choices=list(DESK.file_kinds.items()))

    def clean_file(self) -> Any:
        """Refuse what is empty or too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise ValidationError("ファイルが大きすぎます(2GBまで)。分けて取り込むか、運用担当に依頼してください")
        return file
