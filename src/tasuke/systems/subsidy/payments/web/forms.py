"""Forms of the screens of payments."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tasuke.core.calendar import is_bank_business_day
from tasuke.core.kana import BankKanaError, bank_kana
from tasuke.core.wareki import to_wareki
from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.systems.subsidy.payments.bank_table import branch_name
from tasuke.systems.subsidy.payments.models import FailureReason, PaymentState
from tasuke.systems.subsidy.payments.screens import KINDS

_A_YEAR = timedelta(days=364)
_LARGEST_RESULT = 20 * 2**20  # bytes: some 150,000 transfers that came back
_NUMBER = {"inputmode": "numeric", "class": "short"}


class DraftForm(forms.Form):
    """For which day payments are selected: a day to come on which banks work. today: the day of the request."""

    pay_on = DayField(label="支払日")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_pay_on(self) -> date:
        """Banks take transfers for business days to come; their file names month and day only, so within a year."""
        day: date = self.cleaned_data["pay_on"]
        if day <= self.today:
            raise ValidationError(f"{to_wareki(day)}は過ぎています。明日以後の日を入力してください")
        if day - self.today > _A_YEAR:
            raise ValidationError(f"{to_wareki(day)}は1年より先です")
        if not is_bank_business_day(day):
            raise ValidationError(f"{to_wareki(day)}は銀行の営業日ではありません")
        return day


class PaymentFilter(forms.Form):
    """Which payments of a day are shown."""

    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), *PaymentState.choices])


class DownloadForm(forms.Form):
    """Why the file is taken out again."""

    reason = forms.CharField(label="もう一度取り出す理由", max_length=200, required=False)


class FailureForm(forms.Form):
    """What the bank said of a transfer that came back."""

    returned_on = DayField(label="返金日")
    reason = forms.ChoiceField(label="理由", choices=FailureReason.choices)
    returned_amount = forms.IntegerField(label="返金額(円)", min_value=1, widget=forms.TextInput(attrs=_NUMBER))
    fee = forms.IntegerField(label="手数料(円)", min_value=0, initial=0, widget=forms.TextInput(attrs=_NUMBER))


class ResultFileForm(forms.Form):
    """A file of what came back."""

    file = forms.FileField(
        label="振込結果のファイル", help_text="CSV(UTF-8)。同じファイルをもう一度取り込んでも、何も変わりません。"
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > _LARGEST_RESULT:
            raise ValidationError("ファイルが大きすぎます(20MBまで)")
        return file


class AccountForm(forms.Form):
    """The account for the next time. seen: the last correction when the form was opened."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    bank_code = DigitsField(label="金融機関コード", length=4)
    branch_code = DigitsField(label="店番号", length=3)
    account_kind = forms.ChoiceField(label="預金種目", choices=list(KINDS.items()))
    account_no = DigitsField(label="口座番号", length=7, help_text="7けたに足りないときは、前に0を付けます。")
    holder_kana = forms.CharField(label="口座名義(カナ)", max_length=100)

    def __init__(self, *args: Any, using: str, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.using, self.on = using, on

    def clean_holder_kana(self) -> str:
        """Only what a bank's file can carry."""
        text: str = self.cleaned_data["holder_kana"]
        try:
            bank_kana(text, wo="o")
        except BankKanaError as error:
            raise ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        """Bank and branch belong together."""
        given = super().clean() or {}
        bank, branch = given.get("bank_code"), given.get("branch_code")
        if bank and branch and not branch_name(self.using, self.on, bank, branch):
            self.add_error("branch_code", f"金融機関{bank}に店番号{branch}はありません")
        return given
