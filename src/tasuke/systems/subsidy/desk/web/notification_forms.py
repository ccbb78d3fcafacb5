"""届出 on paper as forms: what every one has on top, and the fields and rules of each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms

from tasuke.core.kana import BankKanaError, bank_kana
from tasuke.core.numbers import NumberKind, check_number
from tasuke.core.wareki import to_wareki
from tasuke.formats.application_feed import CHANNELS, SINGLE_PARENT_REASONS
from tasuke.formats.nhi_feed import INSURANCE_KINDS, INSURED_RELATIONS
from tasuke.platform.ui.fields import DayField, DigitsField
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.systems.subsidy.desk.household import Household
from tasuke.systems.subsidy.desk.models import NotificationKind
from tasuke.systems.subsidy.desk.notification_words import LOSS_REASONS, RELATIONS
from tasuke.systems.subsidy.desk.notification_writing import Draft
from tasuke.systems.subsidy.desk.web.live import watch
from tasuke.systems.subsidy.desk.web.text_field import TypedText
from tasuke.systems.subsidy.payments.bank_table import branch_name

_ROLES = {"child": "1", "parent": "2", "caregiver": "3", "self": "4"}
_FARTHEST = 366 * 2  # days ahead: nobody tells us earlier, and a slip of the year is caught
_LATEST = timedelta(days=_FARTHEST)
_HEAD = ("received_on", "channel", "notifier_atena_no", "effective_on")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form has to know: the household, the schemes that the person may touch, the day, the database."""

    household: Household
    schemes: Sequence[str]
    today: date
    using: str

    @property
    def others(self) -> list[tuple[str, str]]:
        """The other members, for choices."""
        here = self.household.person["atena_no"]
        return [(m["atena_no"], _person(m)) for m in self.household.members if m["atena_no"] != here]

    @property
    def held(self) -> dict[str, str]:
        """Schemes of the person → role; those that ended within the two years that a late 届出 may reach back, too."""
        here = self.household.person["atena_no"]
        rows = [e for e in self.household.entitlements if e["atena_no"] == here]
        return {e["scheme"]: e["role"] for e in rows if e["until"] is None or e["until"] > self.today - _LATEST}


def _person(member: Mapping[str, Any]) -> str:
    return f"{member['name']}({member['relationship'] or '―'})"


def _text(label: str, longest: int, css: str = "", hint: str = "", *, required: bool = False) -> TypedText:
    widget = forms.TextInput(attrs={"autocomplete": "off", "class": css})
    return TypedText(label=label, required=required, max_length=longest, help_text=hint, widget=widget)


def _number(label: str, *, hint: str = "", required: bool = False) -> DigitsField:
    widget = forms.TextInput(
        attrs={"inputmode": "numeric", "autocomplete": "off", "list": "household", "class": "short"}
    )
    return DigitsField(label=label, required=required, max_length=15, help_text=hint, widget=widget)


def _choice(label: str, codes: Mapping[str, str], *, required: bool = True, empty: bool = False) -> forms.ChoiceField:
    first = [("", "―")] if empty else []
    return forms.ChoiceField(label=label, choices=[*first, *codes.items()], required=required)


def _act(codes: Mapping[str, str]) -> forms.ChoiceField:
    first = next(iter(codes))
    return forms.ChoiceField(label="届出の内容", choices=list(codes.items()), widget=forms.RadioSelect, initial=first)


class NotificationForm(forms.Form):
    """The head of every 届出. sections: heading → names of fields, in the order of the paper."""

    kind: ClassVar[NotificationKind]
    sections: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]]
    effective_label: ClassVar[str] = "変更日"
    watched: ClassVar[Mapping[str, str]] = {}

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    digest = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    received_on = DayField(label="受付日", help_text="")
    channel = _choice("受付方法", CHANNELS)
    notifier_atena_no = _number("届出人の宛名番号", hint="世帯の人から選べます")
    effective_on = DayField(label="変更日", help_text="さかのぼる日も、これからの日も入力できます")
    note = _text("備考", 400)

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        self.fields["effective_on"].label = self.effective_label
        if "also" in self.fields:
            self.fields["also"].choices = asked.others  # type: ignore[attr-defined]
            if not asked.others:
                del self.fields["also"]
        watch(self, {"received_on": "day", "effective_on": "day", "notifier_atena_no": "person", **self.watched})

    @property
    def paper(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The sections with their fields, for the template."""
        head = ("受付", _HEAD)
        parts = (head, *self.sections, ("窓口の記入欄", ("note",)))
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in parts]

    def clean_received_on(self) -> date:
        """Nothing is received tomorrow."""
        day: date = self.cleaned_data["received_on"]
        if day > self.asked.today:
            raise forms.ValidationError("受付日が今日より後です")
        return day

    def clean_effective_on(self) -> date:
        """A slip of the year is caught on both sides."""
        day: date = self.cleaned_data["effective_on"]
        if day > self.asked.today + timedelta(days=_FARTHEST):
            raise forms.ValidationError(f"{to_wareki(day)}は先すぎます。年を確かめてください")
        birth = self.asked.household.person["birth_date"]
        if birth and day < birth:
            raise forms.ValidationError(f"対象者の生年月日({to_wareki(birth)})より前の日です")
        return day

    def draft(self) -> Draft:
        """What was typed, for the services. The form is valid."""
        given = self.cleaned_data
        content = {name: _as_text(value) for name, value in given.items() if name not in ("seen", "digest", "also")}
        return Draft(
            kind=self.kind,
            people=self.people(),
            ward_code=self.asked.household.person["ward_code"],
            content={name: text for name, text in {**content, **self.more()}.items() if text},
            received_on=given["received_on"],
            channel=given["channel"],
            effective_on=given["effective_on"],
        )

    def people(self) -> tuple[str, ...]:
        """The person, and who changes together with them."""
        return (self.asked.household.person["atena_no"], *self.cleaned_data.get("also", ()))

    def more(self) -> dict[str, str]:
        """Parts of the content that are not typed."""
        return {}

    def need(self, names: Sequence[str], words: str = "入力してください") -> None:
        """These fields may not be empty."""
        for name in names:
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, words)


class MailingForm(NotificationForm):
    """送付先."""

    kind = NotificationKind.MAILING_ADDRESS
    effective_label = "この日から"
    act = _act({"set": "送付先を届け出る", "end": "送付先をやめ、住所に戻す"})
    until = DayField(label="この日まで", required=False, help_text="終わる日が決まっているとき")
    relation = _choice("送付先の区分", RELATIONS, required=False)
    addressee = _text("送付先の宛名(気付)", 200, hint="本人あてのときは空のまま")
    postal_code = DigitsField(
        label="郵便番号", length=7, required=False, widget=forms.TextInput(attrs={"class": "tiny"})
    )
    address = _text("住所", 400)
    address_detail = _text("方書", 400)
    reason = _text("理由", 200)
    sections = (
        ("届出の内容", ("act", "until")),
        ("送付先", ("relation", "postal_code", "address", "address_detail", "addressee", "reason")),
    )
    watched: ClassVar = {"until": "day"}

    def clean(self) -> dict[str, Any]:
        """A 送付先 has an address; the last day is inclusive on paper."""
        given = super().clean() or {}
        if given.get("act") == "set":
            self.need(("relation", "postal_code", "address"))
            if given.get("until") and given.get("effective_on") and given["until"] < given["effective_on"]:
                self.add_error("until", "始まりの日より前です")
        return given

    def more(self) -> dict[str, str]:
        """until is kept as the first day without."""
        until: date | None = self.cleaned_data.get("until")
        return {"until": (until + timedelta(days=1)).isoformat() if until else ""}


class NameForm(NotificationForm):
    """氏名・通称."""

    kind = NotificationKind.NAME
    act = _act({"changed": "氏名が変わった", "alias": "証と通知に通称を使う", "end": "通称をやめ、氏名に戻す"})
    name = _text("券面に使う通称", 200)
    name_kana = _text("通称のフリガナ", 400)
    sections = (("届出の内容", ("act", "name", "name_kana")),)

    def clean(self) -> dict[str, Any]:
        """A name to be used on papers is given."""
        given = super().clean() or {}
        if given.get("act") == "alias":
            self.need(("name", "name_kana"))
        return given


class InsuranceForm(NotificationForm):
    """医療保険."""

    kind = NotificationKind.INSURANCE
    effective_label = "資格取得日・喪失日"
    act = _act({"joined": "新しい保険に入った", "end": "保険をやめた(次の保険はまだない)"})
    insurance_kind = _choice("保険の種別", INSURANCE_KINDS, required=False, empty=True)
    insurer_no = DigitsField(label="保険者番号", required=False, max_length=8)
    symbol = _text("記号", 38, "short")
    number = _text("番号", 38, "short")
    branch_no = DigitsField(label="枝番", required=False, length=2, widget=forms.TextInput(attrs={"class": "tiny"}))
    insured_relation = _choice("本人・家族", INSURED_RELATIONS, required=False, empty=True)
    insured_atena_no = _number("被保険者の宛名番号")
    benefit_rate = _choice("給付割合", {"70": "7割", "80": "8割", "90": "9割"}, required=False, empty=True)
    also = forms.MultipleChoiceField(
        label="一緒に変わる世帯の人",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="枝番のほかは同じ内容を記録します",
    )
    sections = (
        ("届出の内容", ("act", "also")),
        (
            "新しい保険",
            (
                "insurance_kind",
                "insurer_no",
                "symbol",
                "number",
                "branch_no",
                "insured_relation",
                "insured_atena_no",
                "benefit_rate",
            ),
        ),
    )
    watched: ClassVar = {"insurer_no": "insurer", "insured_atena_no": "person"}

    def clean_insurer_no(self) -> str:
        """Six or eight digits with a right check digit."""
        text: str = self.cleaned_data["insurer_no"]
        if text:
            found = check_number(NumberKind.INSURER, text)
            if not found.valid:
                raise forms.ValidationError("。".join(p.message for p in found.problems))
        return text

    def clean(self) -> dict[str, Any]:
        """A new insurance is named in full."""
        given = super().clean() or {}
        if given.get("act") == "joined":
            self.need(("insurance_kind", "insurer_no", "number", "insured_relation"))
        return given


class FamilyForm(NotificationForm):
    """生計維持者・扶養義務者."""

    kind = NotificationKind.FAMILY
    schemes = forms.MultipleChoiceField(label="制度", widget=forms.CheckboxSelectMultiple)
    breadwinner_atena_no = _number("主たる生計維持者", required=True)
    spouse_atena_no = _number("その配偶者", hint="いないときは空にする")
    supporter_atena_nos = _text("扶養義務者", 400, hint="2人以上は ; で区切る。いないときは空にする")
    sections = (
        ("制度", ("schemes",)),
        ("生計を維持する人", ("breadwinner_atena_no", "spouse_atena_no", "supporter_atena_nos")),
    )
    watched: ClassVar = {
        "breadwinner_atena_no": "person",
        "spouse_atena_no": "person",
        "supporter_atena_nos": "person",
    }

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, asked=asked, **kwargs)
        self.fields["schemes"].choices = [(s, scheme_title(s)) for s in asked.schemes]  # type: ignore[attr-defined]

    def clean_supporter_atena_nos(self) -> str:
        """Numbers only, by semicolons."""
        numbers = [n.strip() for n in self.cleaned_data["supporter_atena_nos"].replace("；", ";").split(";")]
        if any(n and not (n.isascii() and n.isdigit()) for n in numbers):
            raise forms.ValidationError("宛名番号を ; で区切って入力してください")
        return ";".join(n for n in numbers if n)


class AccountForm(NotificationForm):
    """振込口座."""

    kind = NotificationKind.ACCOUNT
    effective_label = "この日から"
    payee = forms.ChoiceField(label="口座の届出をする人", help_text="申請者(支払先)の口座です")
    public_account = forms.BooleanField(label="公金受取口座を使う", required=False)
    bank_code = DigitsField(label="金融機関コード", required=False, length=4)
    branch_code = DigitsField(label="店舗コード", required=False, length=3)
    account_kind = _choice("預金種目", {"1": "普通", "2": "当座", "4": "貯蓄"}, required=False)
    account_no = DigitsField(label="口座番号", required=False, length=7, help_text="7けたに足りないときは前に0")
    holder_kana = _text("口座名義(カナ)", 100)
    sections = (
        ("支払先", ("payee", "public_account")),
        ("口座", ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana")),
    )
    watched: ClassVar = {"bank_code": "bank", "branch_code": "bank"}

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, asked=asked, **kwargs)
        listed = [(m["atena_no"], _person(m)) for m in asked.household.members]
        self.fields["payee"].choices = listed  # type: ignore[attr-defined]

    def clean_holder_kana(self) -> str:
        """Only what a bank's file can carry."""
        text: str = self.cleaned_data["holder_kana"]
        try:
            bank_kana(text, wo="o")
        except BankKanaError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        """One account: a named one whose branch exists today, or the 公金受取口座."""
        given = super().clean() or {}
        named = ("bank_code", "branch_code", "account_kind", "account_no", "holder_kana")
        if given.get("public_account"):
            if any(given.get(name) for name in named if name != "account_kind"):
                self.add_error("public_account", "公金受取口座と、口座の両方があります。どちらかにしてください")
            self.cleaned_data["account_kind"] = ""
            return given
        self.need(named)
        bank, branch = given.get("bank_code"), given.get("branch_code")
        if bank and branch and not branch_name(self.asked.using, self.asked.today, bank, branch):
            self.add_error("branch_code", f"金融機関{bank}に店舗{branch}は今ありません")
        return given

    def people(self) -> tuple[str, ...]:
        """Whose account it is."""
        return (self.cleaned_data["payee"],)


class SingleParentForm(NotificationForm):
    """ひとり親等の状況."""

    kind = NotificationKind.SINGLE_PARENT
    effective_label = "変わった日"
    act = _act({"status": "ひとり親等になった、状況が変わった", "end": "ひとり親等でなくなった(婚姻・事実婚など)"})
    reason = _choice("ひとり親等の事由", SINGLE_PARENT_REASONS, required=False, empty=True)
    since = DayField(label="その事由の発生日", required=False, help_text="")
    child_support = DigitsField(label="養育費(年額・円)", required=False, max_length=9)
    de_facto_spouse = forms.BooleanField(label="事実上の婚姻関係がある", required=False)
    also = forms.MultipleChoiceField(
        label="一緒に変わる世帯の人", required=False, widget=forms.CheckboxSelectMultiple, help_text="父または母と児童"
    )
    sections = (
        ("届出の内容", ("act", "also")),
        ("ひとり親等の状況", ("reason", "since", "child_support", "de_facto_spouse")),
    )
    watched: ClassVar = {"since": "day"}

    def clean(self) -> dict[str, Any]:
        """A status has its reason and day."""
        given = super().clean() or {}
        if given.get("act") == "status":
            self.need(("reason", "since"))
        return given


class LossForm(NotificationForm):
    """資格の喪失."""

    kind = NotificationKind.LOSS
    effective_label = "資格がなくなる日"
    schemes = forms.MultipleChoiceField(
        label="制度",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "制度を選んでください"},
    )
    loss_code = _choice("喪失の理由", LOSS_REASONS, empty=True)
    loss_detail = _text("理由の詳しい内容", 60)
    sections = (("届出の内容", ("schemes", "loss_code", "loss_detail")),)

    def __init__(self, *args: Any, asked: Asked, **kwargs: Any) -> None:
        super().__init__(*args, asked=asked, **kwargs)
        held = [s for s in asked.held if s in asked.schemes]
        self.fields["schemes"].choices = [(s, scheme_title(s)) for s in held]  # type: ignore[attr-defined]
        self.fields["effective_on"].help_text = "この日から使えません。前の日までの受診は助成します"

    def more(self) -> dict[str, str]:
        """The reason in words, as letters say it; the role as applications say it."""
        given = self.cleaned_data
        words = given["loss_detail"] or LOSS_REASONS[given["loss_code"]]
        roles = [f"{s}={_ROLES.get(self.asked.held[s], '1')}" for s in given["schemes"]]
        return {"loss_words": words, "roles": ";".join(roles)}


FORMS: dict[NotificationKind, type[NotificationForm]] = {
    form.kind: form
    for form in (MailingForm, NameForm, InsuranceForm, FamilyForm, AccountForm, SingleParentForm, LossForm)
}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, date):
        return value.isoformat()
    return ";".join(value) if isinstance(value, list) else str(value or "").strip()
