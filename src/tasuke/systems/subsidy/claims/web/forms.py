"""Forms of the screens of claims."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tasuke.core.wareki import to_wareki
from tasuke.platform.ui.fields import MonthField
from tasuke.platform.ui.site import site
from tasuke.systems.subsidy.claims.screens import STATES, return_reasons

OUTCOMES = [("accept", "支給する"), ("return", "過誤として返す")]
_NOTE = forms.Textarea(attrs={"rows": 3})


def month_words(month: date) -> str:
    """A month in 和暦."""
    return to_wareki(month).rpartition("月")[0] + "月"


class ClaimFilter(forms.Form):
    """Which claims a list shows."""

    state = forms.ChoiceField(label="状態", required=False, choices=list(STATES.items()))
    month = forms.ChoiceField(label="請求月", required=False)
    file = forms.IntegerField(label="ファイル", required=False, widget=forms.HiddenInput)
    reason = forms.ChoiceField(label="理由", required=False, choices=[("", "すべて"), *return_reasons()])
    scheme = forms.ChoiceField(label="制度", required=False)

    def __init__(self, *args: Any, months: Iterable[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(f"{m:%Y-%m}", month_words(m)) for m in months]
        self.fields["month"] = forms.ChoiceField(label="請求月", required=False, choices=[("", "すべて"), *listed])
        schemes = [("", "すべて"), *site().schemes.items()]
        self.fields["scheme"] = forms.ChoiceField(label="制度", required=False, choices=schemes)


class DecideManyForm(forms.Form):
    """One judgement for several queries."""

    outcome = forms.ChoiceField(label="判断", choices=OUTCOMES, widget=forms.RadioSelect)
    note = forms.CharField(
        label="判断の内容", max_length=400, widget=_NOTE, help_text="選んだすべてのレセプトに、同じ内容が記録されます。"
    )


class DecideFileForm(forms.Form):
    """The judgement on a file whose totals differ."""

    outcome = forms.ChoiceField(
        label="判断", choices=[("accept", "ファイルを承認して支給する"), ("reject", "差し戻す(一件も支給しない)")],
        widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(
        label="確かめた内容", max_length=400, widget=_NOTE, help_text="審査支払機関に確かめた相手と内容を書きます。"
    )


class BookedForm(forms.Form):
    """A decision that is booked in a month. months: those that are open."""

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.months = months

    def clean_booked_month(self) -> date:
        """Only a month that a report will still count."""
        month: date = self.cleaned_data["booked_month"]
        if month not in self.months:
            listed = "、".join(month_words(m) for m in self.months)
            raise ValidationError(f"{month_words(month)}には計上できません。計上できるのは{listed}です")
        return month


class DecideForm(BookedForm):
    """The judgement on one query."""

    outcome = forms.ChoiceField(label="判断", choices=OUTCOMES, widget=forms.RadioSelect)
    burden = forms.IntegerField(
        label="一部負担金(円)", min_value=0, required=False, help_text="空欄なら請求どおりの窓口負担額で支給します。",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )  # fmt: skip
    booked_month = MonthField(label="計上する月", help_text="この月の給付として数えます。例 令和8年5月")
    note = forms.CharField(label="判断の内容", max_length=400, widget=_NOTE)


class ReturnForm(BookedForm):
    """An accepted claim goes back."""

    reason = forms.ChoiceField(label="過誤の理由", choices=lambda: [("", "選んでください"), *return_reasons()])
    booked_month = MonthField(label="計上する月", help_text="この月の給付から差し引きます。例 令和8年5月")
    note = forms.CharField(label="確かめた内容", max_length=400, widget=_NOTE)
