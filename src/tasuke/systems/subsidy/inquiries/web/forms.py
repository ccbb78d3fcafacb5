"""Forms of inquiries. Choices come from the distributed master: what the law does not allow cannot be chosen."""

from datetime import date
from typing import Any

from django import forms

from tasuke.contracts.inquiry import Choices
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.systems.subsidy.inquiries.choices import Question
from tasuke.systems.subsidy.inquiries.models import InquiryState
from tasuke.systems.subsidy.inquiries.screens import Person, default_year

_SEPARATOR = "|"


class AskForm(forms.Form):
    """Whom, what, from whom."""

    scheme = forms.ChoiceField(label="どの制度の審査のためか")
    people = forms.MultipleChoiceField(
        label="照会する人", widget=forms.CheckboxSelectMultiple, help_text="所得を見る人だけを選びます"
    )
    purpose = forms.ChoiceField(label="事務手続と情報", help_text="法令と条例で照会できる組合せだけが出ます")
    provider = forms.ChoiceField(label="照会先", help_text="所得は、その年の1月1日に住んでいた市区町村に照会します")
    year = forms.TypedChoiceField(label="年度", coerce=int, help_text="令和8年度は令和7年中の所得です")
    extra_step = forms.CharField(
        label="支援措置の対象者を照会する理由",
        max_length=200,
        required=False,
        help_text="送る前に、別の職員の承認が要ります。照会したことは相手の記録に残ります",
    )

    def __init__(self, *args: Any, person: Person, choices: Choices, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = [(s, scheme_title(s)) for s in person.schemes]  # type: ignore[attr-defined]
        self.fields["people"].choices = list(person.household)  # type: ignore[attr-defined]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (f"{c.procedure_code}{_SEPARATOR}{c.information_code}", f"{c.information}({c.procedure})")
            for c in choices.choices
        ]
        self.fields["provider"].choices = [("", "選んでください")] + [  # type: ignore[attr-defined]
            (b.code, b.name) for b in choices.bodies
        ]
        newest = default_year(on)
        self.fields["year"].choices = [(y, f"令和{y - 2018}年度") for y in range(newest, newest - 5, -1)]  # type: ignore[attr-defined]
        self.fields["extra_step"].required = person.protected
        if not person.protected:
            del self.fields["extra_step"]

    def questions(self) -> list[Question]:
        """What was chosen. The form is valid."""
        given = self.cleaned_data
        procedure, _, information = given["purpose"].partition(_SEPARATOR)
        return [Question(no, procedure, information, given["provider"], given["year"]) for no in given["people"]]


class StateForm(forms.Form):
    """Which inquiries to list."""

    state = forms.ChoiceField(
        label="状態", required=False, choices=[("open", "回答待ち"), *InquiryState.choices, ("all", "すべて")]
    )
