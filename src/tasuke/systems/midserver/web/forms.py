"""Forms of the screens of 中間サーバー."""

from typing import Any

from django import forms

from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.systems.midserver.screens import STATES


class InquiryFilter(forms.Form):
    """Which inquiries a list shows."""

    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *STATES.items()])


class AnswerForm(forms.Form):
    """手動回答: nothing is preset, because either answer can harm somebody."""

    send = forms.ChoiceField(
        label="回答", choices=[("yes", "副本の内容を提供する"), ("no", "提供しない")], widget=forms.RadioSelect
    )
    reason = forms.CharField(label="判断の理由", max_length=200)


class RecordFilter(forms.Form):
    """Which records: days (the last one included on screen), one person or all."""

    first = DayField(label="照会日 から")
    last = DayField(label="照会日 まで")
    unified_no = DigitsField(label="統合宛名番号", required=False, length=15)

    def clean(self) -> dict[str, Any]:
        """The days must be in order."""
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", "「から」より後の日を入力してください")
        return data


class PersonForm(forms.Form):
    """Whose flags."""

    unified_no = DigitsField(label="統合宛名番号", length=15)


class FlagForm(forms.Form):
    """Set or lift one flag."""

    unified_no = DigitsField(label="統合宛名番号", length=15)
    kind = forms.ChoiceField(label="種類", choices=[("manual", "自動応答不可"), ("undisclosed", "不開示該当")])
    information_code = forms.ChoiceField(label="対象の情報", required=False)
    on = forms.ChoiceField(label="操作", choices=[("yes", "設定する"), ("no", "解除する")])
    reason = forms.CharField(label="理由", max_length=200)

    def __init__(self, *args: Any, information: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["information_code"] = forms.ChoiceField(
            label="対象の情報", required=False, choices=[("", "すべての情報"), *information]
        )


class NoticeForm(forms.Form):
    """A notice, or a planned stop."""

    text = forms.CharField(label="内容", max_length=200)
    start = forms.DateTimeField(label="始まり", help_text="例 2026-12-29 00:00")
    end = forms.DateTimeField(label="終わり", required=False, help_text="空欄は、取り消すまで")
    stop = forms.BooleanField(label="この間サービスを止める", required=False)


class SettingForm(forms.Form):
    """A value with its ground."""

    value = forms.IntegerField(label="値", min_value=1, max_value=3_650)
    source = forms.CharField(label="根拠", max_length=200)
