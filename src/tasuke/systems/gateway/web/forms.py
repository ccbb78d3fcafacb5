"""Forms of 市中間サーバ."""

from django import forms

from tasuke.platform.ui.fields import DigitsField
from tasuke.systems.gateway.models import InquiryState


class StateFilter(forms.Form):
    """Which inquiries are listed."""

    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *InquiryState.choices])


class LiftForm(forms.Form):
    """Whose flags are lifted, and why."""

    atena_no = DigitsField(label="宛名番号", max_length=15)
    reason = forms.CharField(label="解除の理由", max_length=200)
