"""Forms of the resident distribution's screens."""

from typing import Any

from django import forms

from tasuke.platform.ui.fields import DayField
from tasuke.systems.resident.items import ITEMS


class UsageForm(forms.Form):
    """利用申請."""

    system = forms.RegexField(
        label="システムの識別名",
        regex=r"^[a-z][a-z_]{1,29}$",
        help_text="接続に使う英小文字の名前。例 welfare(社会保障宛名)",
    )
    name = forms.CharField(label="名称", max_length=60)
    business_id = forms.RegexField(label="業務ID", regex=r"^[0-9A-Za-z]{3}$", help_text="3けた。例 020(社会保障宛名)")
    items = forms.MultipleChoiceField(
        label="項目",
        choices=list(ITEMS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="支援措置は必ず付きます",
    )
    with_my_number = forms.BooleanField(label="個人番号を受ける(団体内統合宛名だけ)", required=False)
    legal_basis = forms.CharField(label="根拠", max_length=400)
    purpose = forms.CharField(label="利用目的", max_length=400)
    valid_from = DayField(label="利用の開始日")
    last_day = DayField(label="利用の最終日", required=False)

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("valid_from"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "開始日より前です")
        return cleaned


class DecisionForm(forms.Form):
    """Approve or not, with a note."""

    approve = forms.TypedChoiceField(
        label="決定", choices=(("1", "承認する"), ("0", "承認しない")), coerce=lambda value: value == "1"
    )
    note = forms.CharField(label="備考", max_length=200, required=False)


class EndForm(forms.Form):
    """End a usage at once."""

    reason = forms.CharField(label="理由", max_length=200)
