"""Forms of 庁内移転."""

from collections.abc import Sequence
from typing import Any

from django import forms

from tasuke.contracts.sharing import ITEM_LABELS
from tasuke.core.shared_items import SharedItem
from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.sharing.models import Means

_MOST_BYTES = 2**20  # 10,000 numbers of 15 digits
_TEXTAREA = {"rows": 2}


class PermitForm(forms.Form):
    """利用申請 as the department made it."""

    applicant = forms.CharField(
        label="申請者(移転先の所属と氏名)", max_length=60, help_text="移転先の部署で申請した職員"
    )
    purpose = forms.CharField(label="利用目的", max_length=200, widget=forms.Textarea(attrs=_TEXTAREA))
    items = forms.MultipleChoiceField(
        label="項目", widget=forms.CheckboxSelectMultiple, help_text="目的に必要なものだけを選びます"
    )
    first = DayField(label="許可の開始日")
    last = DayField(label="許可の最終日")

    def __init__(self, *args: Any, items: Sequence[SharedItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["items"], items)

    def clean(self) -> dict[str, Any]:
        """A period goes forward."""
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", "開始日より前です")
        return given


class DecisionForm(forms.Form):
    """Yes or no, and what was checked."""

    decision = forms.ChoiceField(
        label="決定", choices=[("yes", "許可する"), ("no", "許可しない")], widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="確認した内容・理由", max_length=200, help_text="根拠、用途、項目、期間のうち確かめたこと"
    )


class AgreementForm(forms.Form):
    """Whether somebody under 支援措置 is told of."""

    decision = forms.ChoiceField(
        label="決定", choices=[("yes", "同意する"), ("no", "同意しない")], widget=forms.RadioSelect
    )
    note = forms.CharField(label="確認した内容・理由", max_length=200)


class EndForm(forms.Form):
    """Why a permit ends or an application is withdrawn."""

    reason = forms.CharField(label="理由", max_length=200)


class MoveForm(forms.Form):
    """One person, or a list."""

    atena_no = DigitsField(label="宛名番号(一人)", required=False, max_length=15)
    file = forms.FileField(
        label="対象者のファイル", required=False,
        help_text="「連番」と「宛名番号」の2列のCSV(UTF-8、見出しつき、1万人まで)。一人のときは選びません。",
    )  # fmt: skip
    items = forms.MultipleChoiceField(
        label="項目", widget=forms.CheckboxSelectMultiple, help_text="今回必要でないものは外します"
    )
    purpose = forms.CharField(
        label="利用目的", max_length=200, widget=forms.Textarea(attrs=_TEXTAREA),
        help_text="何の審査に使うかを書きます。氏名や番号は書かないでください。",
    )  # fmt: skip

    def __init__(self, *args: Any, items: Sequence[SharedItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["items"], items)
        self.fields["items"].initial = list(items)

    def clean_file(self) -> Any:
        """Not longer than a list can be."""
        given = self.cleaned_data["file"]
        if given is not None and given.size > _MOST_BYTES:
            raise forms.ValidationError("ファイルが大きすぎます。1万人までに分けてください")
        return given

    def clean(self) -> dict[str, Any]:
        """Either a person or a list."""
        given = super().clean() or {}
        if self.errors.keys() & {"atena_no", "file"}:
            return given
        if bool(given.get("atena_no")) == bool(given.get("file")):
            self.add_error("atena_no", "一人の宛名番号か、ファイルのどちらか一つを入れてください")
        return given


class RecordForm(forms.Form):
    """Which records."""

    rule = forms.ChoiceField(label="移転先", required=False)
    means = forms.ChoiceField(label="方法", required=False, choices=[("", "すべて"), *Means.choices])
    first = DayField(label="この日から", required=False, help_text="")
    last = DayField(label="この日まで", required=False, help_text="")

    def __init__(self, *args: Any, rules: Sequence[SharingRule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [("", "すべて"), *((rule.key, rule.recipient) for rule in rules)]
        self.fields["rule"] = forms.ChoiceField(label="移転先", required=False, choices=listed)


def _offer(field: forms.Field, items: Sequence[SharedItem]) -> None:
    if isinstance(field, forms.MultipleChoiceField):
        field.choices = [(item, ITEM_LABELS[item]) for item in items]
