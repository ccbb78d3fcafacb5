"""Forms of those who manage people, grants and terminals."""

from datetime import date, timedelta
from typing import Any

from django import forms

from tasuke.platform.access.roles import roles
from tasuke.platform.accounts.models import PERSONAL_ID
from tasuke.platform.ui.fields import DayField
from tasuke.platform.ui.site import site

HEAD_OFFICE = ""
_FILE_BYTES = 5 * 2**20


def office_choices() -> list[tuple[str, str]]:
    """Head office, the wards and, for 中間サーバー, the municipality."""
    return [(HEAD_OFFICE, "本庁"), *site().places.items()]


class UserForm(forms.Form):
    """A new person."""

    personal_id = forms.RegexField(
        PERSONAL_ID,
        label="職員ID",
        help_text="半角英数字とハイフン、4〜20文字。一人に一つ。係や窓口のIDは作れません",
        error_messages={"invalid": "職員IDは半角英数字とハイフンの4〜20文字です"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(label="氏名", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    office = forms.ChoiceField(label="所属", choices=office_choices, required=False)
    start = DayField(label="在職の始まり")
    last = DayField(label="在職の最後の日", required=False, help_text="決まっていなければ空")

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first one."""
        return _ordered(self, super().clean() or {})


class GrantForm(forms.Form):
    """A role asked for. Nothing chosen under offices or schemes means all of them."""

    role = forms.ChoiceField(label="役割", choices=lambda: [(r.id, r.label) for r in roles().values()])
    offices = forms.MultipleChoiceField(
        label="区・市",
        choices=lambda: list(site().places.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="選ばなければすべての区。中間サーバーの職員には市を選ぶ",
    )
    schemes = forms.MultipleChoiceField(
        label="制度",
        choices=lambda: list(site().schemes.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="選ばなければすべての制度",
    )
    start = DayField(label="始まりの日")
    last = DayField(label="最後の日")
    reason = forms.CharField(label="理由", max_length=200)

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first one."""
        return _ordered(self, super().clean() or {})


class DecisionForm(forms.Form):
    """Approve or refuse."""

    decision = forms.ChoiceField(choices=[("approve", "承認"), ("refuse", "却下")])


class ReasonForm(forms.Form):
    """Why a grant is revoked."""

    reason = forms.CharField(
        label="取消の理由", max_length=200, error_messages={"required": "取消の理由を入力してください"}
    )


class TerminalForm(forms.Form):
    """A machine that may register itself."""

    label = forms.CharField(label="端末名", max_length=60, help_text="例 川崎区 窓口3")
    office = forms.ChoiceField(label="設置場所", choices=office_choices, required=False)


class CertificateTerminalForm(TerminalForm):
    """A machine that shows a client certificate."""

    fingerprint = forms.CharField(
        label="証明書の指紋(SHA-256)",
        max_length=140,
        help_text="openssl x509 -in 証明書.pem -noout -fingerprint -sha256 が書き出す64文字",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PersonnelForm(forms.Form):
    """A file of transfers and retirements."""

    file = forms.FileField(label="異動・退職のファイル(CSV)")

    def clean_file(self) -> Any:
        """Small enough to be a file of people of one city."""
        file = self.cleaned_data["file"]
        if file.size > _FILE_BYTES:
            raise forms.ValidationError("5MBまでのファイルを選んでください")
        return file


def _ordered(form: forms.Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    start, last = cleaned.get("start"), cleaned.get("last")
    if start and last and last < start:
        form.add_error("last", "始まりの日より前です")
    cleaned["end"] = day_after(last)
    return cleaned


def day_after(last: date | None) -> date | None:
    """The exclusive end of a period whose last day was typed."""
    return None if last is None else last + timedelta(days=1)
