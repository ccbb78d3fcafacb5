"""Forms of the screens of certificates."""

from typing import Any

from django import forms

from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.platform.ui.site import site
from tasuke.systems.subsidy.certificates.models import CertificateState

REASONS = ["紛失", "汚損・破損", "盗難", "未着", "記載の誤り"]


class RegisterFilter(forms.Form):
    """Which papers the register shows."""

    number = DigitsField(label="受給者番号・宛名番号", required=False)
    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *CertificateState.choices])
    scheme = forms.ChoiceField(label="制度", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schemes = [("", "すべて"), *site().schemes.items()]
        self.fields["scheme"] = forms.ChoiceField(label="制度", required=False, choices=schemes)


class ReissueForm(forms.Form):
    """Why a second paper is printed."""

    reason = forms.ChoiceField(
        label="再交付の理由", choices=[(r, r) for r in [*REASONS, "その他"]], widget=forms.RadioSelect
    )
    other = forms.CharField(label="その他の理由", max_length=90, required=False)

    def clean(self) -> dict[str, Any]:
        """「その他」 says what."""
        given = super().clean() or {}
        if given.get("reason") == "その他" and not given.get("other", "").strip():
            self.add_error("other", "理由を入力してください")
        return given

    @property
    def words(self) -> str:
        """The reason as it stands in the register."""
        chosen, other = self.cleaned_data["reason"], self.cleaned_data["other"].strip()
        return f"{chosen}({other})" if other else chosen


class ReturnForm(forms.Form):
    """When the paper came back."""

    returned_on = DayField(label="返還を受けた日")
