"""Forms of 社会保障宛名."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms

from tasuke.core.my_number import MyNumber, refusal_of
from tasuke.core.numbers import NumberKind, check_number
from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.systems.welfare.models import Change, ContactNote
from tasuke.systems.welfare.policy import accepted_numbers
from tasuke.systems.welfare.search import Criteria
from tasuke.systems.welfare.services.issue_nonresident import Facts

SEXES = (("1", "男"), ("2", "女"))
_ACCOUNT_KINDS = (("1", "普通"), ("2", "当座"), ("4", "貯蓄"))
_RELATIONS = (("1", "本人"), ("2", "施設"), ("3", "成年後見人等"), ("4", "代理人"), ("9", "その他"))


class SearchForm(forms.Form):
    """4 information, or a 宛名番号."""

    atena_no = DigitsField(label="宛名番号", required=False, max_length=15)
    name = forms.CharField(label="氏名・カナ・通称・名称", max_length=100, required=False)
    birth_date = DayField(label="生年月日", required=False)
    sex = forms.ChoiceField(label="性別", choices=(("", "指定しない"), *SEXES), required=False)
    address = forms.CharField(label="住所(はじめから)", max_length=200, required=False)
    partial = forms.BooleanField(label="氏名の一部でも探す", required=False)

    def clean(self) -> dict[str, Any]:
        """Half the city is no search, and a 個人番号 is no question."""
        cleaned: dict[str, Any] = super().clean() or {}
        if check_number(NumberKind.MY_NUMBER, cleaned.get("name") or "").valid:
            cleaned["name"] = ""
            self.add_error("name", "個人番号では探せません")
        elif not self.errors and not cleaned.get("atena_no") and not criteria_of(cleaned).says_something:
            raise forms.ValidationError("宛名番号、氏名、生年月日、住所のどれかを入力してください")
        return cleaned


def criteria_of(cleaned: dict[str, Any]) -> Criteria:
    """What the search form asks for."""
    return Criteria(
        name=cleaned.get("name") or "",
        birth_date=cleaned.get("birth_date"),
        sex=cleaned.get("sex") or "",
        address=cleaned.get("address") or "",
        partial=bool(cleaned.get("partial")),
    )


class NonresidentForm(forms.Form):
    """4 information of a 住登外者."""

    name = forms.CharField(label="氏名", max_length=100)
    name_kana = forms.CharField(label="フリガナ", max_length=100, required=False)
    sex = forms.ChoiceField(label="性別", choices=SEXES)
    birth_date = DayField(label="生年月日", required=False)
    birth_text = forms.CharField(label="生年月日が不詳のときの表記", max_length=40, required=False)
    postal_code = DigitsField(label="郵便番号", length=7, required=False)
    municipality_code = DigitsField(label="住所の市区町村コード", length=6)
    address = forms.CharField(label="住所", max_length=200)
    protection = forms.BooleanField(label="支援措置の対象", required=False)

    def clean_municipality_code(self) -> str:
        """A code whose check digit is right."""
        code: str = self.cleaned_data["municipality_code"]
        checked = check_number(NumberKind.MUNICIPALITY, code)
        if not checked.valid:
            raise forms.ValidationError(checked.problems[0].message)
        return code

    def clean(self) -> dict[str, Any]:
        """A day of birth, or what is known of it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("birth_date") and not cleaned.get("birth_text"):
            self.add_error("birth_date", "生年月日か、不詳のときの表記を入力してください")
        return cleaned

    def facts(self) -> Facts:
        """The cleaned values."""
        return Facts(**{name: self.cleaned_data[name] for name in NonresidentForm.base_fields})


class IssueForm(NonresidentForm):
    """付番: the facts, for whom, and that the candidates were looked at."""

    business_id = forms.RegexField(label="業務ID", regex=r"^[0-9A-Za-z]{3}$", initial="900", help_text="3けた")
    hidden = forms.BooleanField(label="他業務から参照できないようにする", required=False)
    atena_no = DigitsField(
        label="引き継ぐ宛名番号", required=False, max_length=15, help_text="元住民など、番号があるときだけ"
    )
    checked = forms.BooleanField(label="候補を見て、同じ人がいないことを確かめた", required=False)


class MyNumberField(forms.Field):
    """A 個人番号 as somebody types it: hidden while typed, checked, never shown again. Gives a MyNumber."""

    widget = forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": "20"})
    default_error_messages: ClassVar = {"required": "個人番号を入力してください"}
    _digits = DigitsField(length=12, required=False)

    def to_python(self, value: Any) -> MyNumber | None:
        """The number, if this city takes it. Raises ValidationError in words that say nothing of its digits."""
        text = self._digits.to_python(value)
        if not text:
            return None
        number = MyNumber(text)
        refusal = refusal_of(number, accept=accepted_numbers())
        if refusal:
            raise forms.ValidationError(refusal)
        return number


class MyNumberForm(forms.Form):
    """The same 個人番号 twice, since nobody sees what is typed."""

    number = MyNumberField(label="個人番号", help_text="12けた。打つ間も表示しません")
    again = MyNumberField(label="個人番号(もう一度)", help_text="同じ番号を打ちます")

    def clean(self) -> dict[str, Any]:
        """Both are the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and cleaned["number"] != cleaned["again"]:
            self.add_error("again", "二つの番号が違います。もう一度入力してください")
        return cleaned


class ReviseForm(NonresidentForm):
    """Changed facts. revision: what the clerk saw."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


class EndForm(forms.Form):
    """End of a 住登外 side."""

    resident_atena_no = DigitsField(label="住民としての宛名番号", required=False, max_length=15)
    reason = forms.CharField(label="理由", max_length=200)


class MergeForm(forms.Form):
    """名寄せ."""

    into = DigitsField(label="名寄せ先の宛名番号", max_length=15)
    reason = forms.CharField(label="理由", max_length=200)


class ReasonForm(forms.Form):
    """Why something is undone or ended."""

    reason = forms.CharField(label="理由", max_length=200, error_messages={"required": "理由を入力してください"})


class NoteForm(forms.Form):
    """応対記録."""

    channel = forms.ChoiceField(label="方法", choices=ContactNote.Channel.choices)
    text = forms.CharField(label="内容", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class AccountForm(forms.Form):
    """口座 from a day."""

    start = DayField(label="いつから")
    bank_code = DigitsField(label="金融機関コード", length=4)
    branch_code = DigitsField(label="店舗コード", length=3)
    account_kind = forms.ChoiceField(label="預金種目", choices=_ACCOUNT_KINDS)
    account_no = DigitsField(label="口座番号", length=7)
    holder_kana = forms.CharField(label="口座名義カナ", max_length=200)
    public_account = forms.BooleanField(label="公金受取口座", required=False)


class MailingForm(forms.Form):
    """送付先 for a time."""

    start = DayField(label="いつから")
    last_day = DayField(label="最後の日", required=False)
    relation = forms.ChoiceField(label="区分", choices=_RELATIONS)
    addressee = forms.CharField(label="宛名", max_length=200, required=False)
    postal_code = DigitsField(label="郵便番号", length=7)
    address = forms.CharField(label="住所", max_length=400)
    address_detail = forms.CharField(label="方書", max_length=400, required=False)
    reason = forms.CharField(label="理由", max_length=200, required=False)

    def facts(self) -> tuple[dict[str, Any], Any, Any]:
        """Facts, first day, end (exclusive)."""
        facts = dict(self.cleaned_data)
        start, last = facts.pop("start"), facts.pop("last_day")
        return facts, start, last + timedelta(days=1) if last else None


class CorporationForm(forms.Form):
    """法人."""

    corporate_no = DigitsField(label="法人番号", length=13, required=False, help_text="ない団体は空")
    name = forms.CharField(label="名称", max_length=100)
    name_kana = forms.CharField(label="フリガナ", max_length=200, required=False)
    postal_code = DigitsField(label="郵便番号", length=7, required=False)
    address = forms.CharField(label="所在地", max_length=200)
    phone = forms.CharField(label="電話番号", max_length=30, required=False)


class SubscriptionForm(forms.Form):
    """A business asks for changes."""

    system = forms.RegexField(label="システム", regex=r"^[a-z][a-z_]{1,29}$", help_text="例 subsidy")
    name = forms.CharField(label="名称", max_length=60)
    business_id = forms.RegexField(label="業務ID", regex=r"^[0-9A-Za-z]{3}$", help_text="3けた")
    kinds = forms.MultipleChoiceField(label="種類", choices=Change.Kind.choices, widget=forms.CheckboxSelectMultiple)
    legal_basis = forms.CharField(label="根拠", max_length=400)
    purpose = forms.CharField(label="利用目的", max_length=400)
