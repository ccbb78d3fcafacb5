"""What is typed for an お知らせ."""

from datetime import date
from typing import Any

from django import forms

from tasuke.platform.access import Scope
from tasuke.platform.access.roles import roles
from tasuke.platform.ui.fields import DayField
from tasuke.systems.subsidy.desk.announcements import AnnouncementDraft
from tasuke.systems.subsidy.desk.web.text_field import TypedText
from tasuke.systems.subsidy.profile import active_profile


class AnnouncementForm(forms.Form):
    """One announcement. Nothing chosen under roles or wards means all of them, within the limits of who writes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)
    title = TypedText(label="題名", max_length=60, error_messages={"required": "題名を入力してください"})
    text = TypedText(
        label="内容",
        max_length=1000,
        help_text="個人番号は書けません。住民の氏名など、だれのことか分かることは書かないでください",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "内容を入力してください"},
    )
    first = DayField(label="掲載の始まりの日", help_text="例 R8.4.1")
    last = DayField(label="掲載の最後の日", help_text="この日まで出ます")
    urgent = forms.BooleanField(label="緊急(一番上に「緊急」と付けて出す)", required=False)
    roles = forms.MultipleChoiceField(
        label="だれに",
        choices=lambda: [(role.id, role.label) for role in roles().values()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="選ばなければすべての役割",
    )
    wards = forms.MultipleChoiceField(
        label="どの区に",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "担当する区から選んでください"},
    )

    def __init__(self, *args: Any, today: date, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        within = [ward for ward in active_profile().wards if scope.offices is None or ward.code in scope.offices]
        wards = self.fields["wards"]
        assert isinstance(wards, forms.MultipleChoiceField)
        wards.choices = [(ward.code, ward.name) for ward in within]
        wards.required = scope.offices is not None
        wards.help_text = "" if wards.required else "選ばなければすべての区"

    def clean(self) -> dict[str, Any]:
        """The days are in order, and somebody will see it."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", "始まりの日より前です")
        elif last and last < self.today:
            self.add_error("last", "今日より前です。だれにも出ません")
        return given

    def draft(self) -> AnnouncementDraft:
        """What was typed. The form is valid."""
        given = self.cleaned_data
        return AnnouncementDraft(
            title=given["title"],
            text=given["text"],
            first=given["first"],
            last=given["last"],
            roles=tuple(given["roles"]),
            wards=tuple(given["wards"]),
            urgent=given["urgent"],
        )


class WithdrawalForm(forms.Form):
    """Why it is taken back."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    reason = TypedText(
        label="取下げの理由", max_length=200, error_messages={"required": "取下げの理由を入力してください"}
    )
