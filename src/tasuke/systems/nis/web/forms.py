"""Forms of the stand-in's screens."""

from django import forms


class BodyFilter(forms.Form):
    """Lists of one body."""

    body = forms.CharField(label="機関コード", required=False, max_length=16, help_text="例 B011002")


class SwitchForm(forms.Form):
    """Stop or start, with the reason."""

    down = forms.TypedChoiceField(
        label="操作", choices=(("1", "止める"), ("0", "動かす")), coerce=lambda value: value == "1"
    )
    note = forms.CharField(label="理由", max_length=200)
