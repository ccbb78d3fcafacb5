"""Forms of sign-in and of one's own account."""

from typing import Any

from django import forms

from tasuke.platform.access.purposes import Purpose
from tasuke.platform.accounts.security_keys import LONGEST_ANSWER


class PinForm(forms.Form):
    """First step: who, and the PIN."""

    personal_id = forms.CharField(
        label="職員ID",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    pin = forms.CharField(
        label="PIN", max_length=64, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CodeForm(forms.Form):
    """Second step: the code that the person's own device shows now."""

    code = forms.CharField(
        label="ワンタイムパスワード",
        max_length=10,
        help_text="認証アプリに表示されている6けたの数字(30秒ごとに変わります)",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class KeyAnswerForm(forms.Form):
    """What a security key has signed, as the page's script puts it into the form."""

    credential = forms.CharField(
        label="キーの返事",
        max_length=LONGEST_ANSWER,
        widget=forms.HiddenInput,
        error_messages={
            "required": "キーの返事がありません。もう一度行ってください",
            "max_length": "キーの返事が長すぎます",
        },
    )


class KeyLabelForm(forms.Form):
    """What a key is called: its owner has to know which it is."""

    label = forms.CharField(
        label="名前",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "キーの名前を入力してください"},
    )


class NewKeyForm(CodeForm):
    """Before a key is registered the person shows again who is at the screen."""

    label = forms.CharField(
        label="キーの名前",
        max_length=40,
        help_text="例 青いキー、窓口の端末の指紋",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    pin = forms.CharField(
        label="今のPIN",
        max_length=64,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("label", "pin", "code")


class TicketForm(forms.Form):
    """The ticket of a terminal."""

    ticket = forms.CharField(
        label="登録番号",
        max_length=30,
        help_text="管理者から受け取った16文字",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class OwnPinForm(forms.Form):
    """A new PIN of one's own."""

    present = forms.CharField(
        label="今のPIN", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new = forms.CharField(
        label="新しいPIN",
        strip=False,
        help_text="8〜64文字。職員ID、同じ文字の繰り返し、数字の並びは使えません",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="新しいPIN(もう一度)", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both new ones are the same."""
        cleaned = super().clean() or {}
        if cleaned.get("new") != cleaned.get("again") and "again" in cleaned:
            self.add_error("again", "新しいPINと違います")
        return cleaned


class PurposeForm(forms.Form):
    """What for residents' data are looked at."""

    purpose = forms.ChoiceField(
        label="利用の目的", choices=[(p.value, p.label) for p in Purpose], widget=forms.RadioSelect
    )
