"""Forms of 団体内統合宛名."""

from typing import Any

from django import forms

from tasuke.contracts.words import business_title
from tasuke.platform.ui.fields import DayField, DigitsField

_KINDS = [("atena_no", "宛名番号"), ("my_number", "個人番号"), ("unified_no", "団体内統合宛名番号")]
_LENGTHS = {"my_number": 12, "unified_no": 15}


class SearchForm(forms.Form):
    """By one number. It is sent as a form, never in the address: an address stays in histories and logs."""

    kind = forms.ChoiceField(label="番号の種類", choices=_KINDS, initial="atena_no")
    number = DigitsField(label="番号", max_length=15)

    def clean(self) -> dict[str, Any]:
        """Each kind has its length. The message does not repeat what was typed."""
        given = super().clean() or {}
        wanted = _LENGTHS.get(given.get("kind", ""))
        if wanted and given.get("number") and len(given["number"]) != wanted:
            self.add_error("number", f"{wanted}けたの数字を入力してください")
        return given


class ShowForm(forms.Form):
    """What a 個人番号 is looked at for."""

    business = forms.ChoiceField(label="業務")
    purpose = forms.CharField(
        label="表示する目的", max_length=100, help_text="証跡に残り、監査が見ます。個人番号や氏名は書かないでください。"
    )

    def __init__(self, *args: Any, businesses: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["business"] = forms.ChoiceField(label="業務", choices=[(b, business_title(b)) for b in businesses])


class MergeForm(forms.Form):
    """Into which number, and why."""

    target = DigitsField(label="残す統合宛名番号", length=15)
    reason = forms.CharField(label="理由", max_length=200)


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(label="理由", max_length=200, error_messages={"required": "理由を入力してください"})


class PermitForm(forms.Form):
    """Who may see a 個人番号, for which business, on what ground, how long."""

    personal_id = forms.CharField(label="職員ID", max_length=20)
    business_id = forms.RegexField(r"^[0-9A-Za-z]{3}$", label="業務ID", help_text="3けた。例 900(医療費助成)")
    legal_basis = forms.CharField(label="根拠", max_length=200)
    start = DayField(label="始めの日")
    last = DayField(label="最後の日")
