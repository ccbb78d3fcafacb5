"""The paper at the counter as a form: fields of the application layout, arranged as on the sheet of the applicant."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from tasuke.formats.application_feed import APPLICATION_KINDS, CHANNELS, REASONS, ROLES, SINGLE_PARENT_REASONS
from tasuke.formats.nhi_feed import INSURANCE_KINDS, INSURED_RELATIONS
from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.systems.subsidy.desk.filing import PERSONS
from tasuke.systems.subsidy.desk.web.live import watch
from tasuke.systems.subsidy.desk.web.text_field import TypedText

_DAYS = ("received_on", "event_date", "insured_on", "single_parent_since")
_WATCHED = {
    **dict.fromkeys(_DAYS, "day"),
    **dict.fromkeys(PERSONS, "person"),
    "insurer_no": "insurer",
    "bank_code": "bank",
    "branch_code": "bank",
}
_FLAGS = ("de_facto_spouse", "public_account")
_ACCOUNT_KINDS = {"1": "普通", "2": "当座", "4": "貯蓄"}


def _choice(label: str, codes: Mapping[str, str], *, required: bool = False, **more: Any) -> forms.ChoiceField:
    empty = [] if required else [("", "―")]
    return forms.ChoiceField(label=label, choices=[*empty, *codes.items()], required=required, **more)


def _person(label: str, *, required: bool = False, hint: str = "") -> DigitsField:
    widget = forms.TextInput(
        attrs={"inputmode": "numeric", "autocomplete": "off", "list": "household", "class": "short"}
    )
    return DigitsField(label=label, required=required, max_length=15, help_text=hint, widget=widget)


def _several(label: str, hint: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "list": "household"})
    return forms.CharField(label=label, required=False, max_length=400, help_text=hint, widget=widget)


def _text(label: str, longest: int, css: str = "short", hint: str = "") -> TypedText:
    widget = forms.TextInput(attrs={"autocomplete": "off", "class": css})
    return TypedText(label=label, required=False, max_length=longest, help_text=hint, widget=widget)


class PaperForm(forms.Form):
    """What stands on the paper. The rules are those of the layout and are applied by `file_paper`."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    scheme = forms.ChoiceField(label="制度")
    kind = _choice("申請・届出の種別", APPLICATION_KINDS, required=True)
    received_on = DayField(label="受付日")
    channel = _choice("受付方法", CHANNELS, required=True)
    reason = _choice("事由", REASONS, required=True)
    event_date = DayField(label="事由発生日", help_text="出生日、転入日、離婚の日など")

    applicant_atena_no = _person("申請者の宛名番号", required=True, hint="世帯の人から選べます")
    role = _choice("対象者の立場", ROLES, required=True)

    insurance_kind = _choice("保険の種別", INSURANCE_KINDS)
    insurer_no = DigitsField(label="保険者番号", required=False, max_length=8)
    symbol = _text("記号", 38)
    number = _text("番号", 38)
    branch_no = DigitsField(label="枝番", required=False, length=2)
    insured_relation = _choice("本人・家族", INSURED_RELATIONS)
    insured_atena_no = _person("被保険者の宛名番号")
    insured_on = DayField(label="資格取得日", required=False, help_text="")
    benefit_rate = _choice("給付割合", {"70": "7割", "80": "8割", "90": "9割"})

    breadwinner_atena_no = _person("主たる生計維持者")
    spouse_atena_no = _person("その配偶者")
    supporter_atena_nos = _several("扶養義務者", "2人以上は ; で区切る")
    child_atena_nos = _several("養育する児童", "対象者が父母・養育者のとき。2人以上は ; で区切る")
    single_parent_reason = _choice("ひとり親等の事由", SINGLE_PARENT_REASONS)
    single_parent_since = DayField(label="その事由の発生日", required=False, help_text="")
    de_facto_spouse = forms.BooleanField(label="事実上の婚姻関係がある", required=False)
    child_support = DigitsField(label="養育費(年額・円)", required=False, max_length=9)

    bank_code = DigitsField(label="金融機関コード", required=False, length=4)
    branch_code = DigitsField(label="店舗コード", required=False, length=3)
    account_kind = _choice("預金種目", _ACCOUNT_KINDS)
    account_no = DigitsField(label="口座番号", required=False, length=7)
    account_holder_kana = _text("口座名義(カナ)", 100, css="")
    public_account = forms.BooleanField(label="公金受取口座を使う", required=False)

    loss_reason = _text("喪失の理由", 100, css="", hint="喪失の届出のとき")
    missing_documents = _text("不足書類", 400, css="", hint="後日の提出を求めたもの。審査は保留にできます")
    note = _text("備考", 400, css="")

    def __init__(self, *args: Any, schemes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["scheme"]
        choices.choices = [(s, scheme_title(s)) for s in schemes]
        watch(self, _WATCHED)

    def content(self, atena_no: str) -> dict[str, str]:
        """What was typed, for `file_paper`. atena_no: the 対象者; it comes from the page, never from the form."""
        typed = {k: v for k, v in self.cleaned_data.items() if k != "version"}
        texts = {k: _as_text(v) for k, v in typed.items()}
        return {k: v for k, v in texts.items() if v} | {"person_atena_no": atena_no}

    def add_faults(self, faults: Mapping[str, Sequence[str]]) -> None:
        """Put messages at their fields; what belongs to no field of the form stands on top."""
        for name, messages in faults.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


def initial_of(content: Mapping[str, str]) -> dict[str, Any]:
    """A saved content as the form's initial values."""
    shown: dict[str, Any] = dict(content)
    for name in _DAYS:
        if content.get(name):
            shown[name] = date.fromisoformat(content[name])
    for name in _FLAGS:
        shown[name] = content.get(name) == "1"
    return shown


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, date):
        return value.isoformat()
    return str(value or "").strip()
