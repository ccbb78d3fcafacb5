"""Forms of inquiries. Choices come from the distributed master: what the law does not allow cannot be chosen."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from tasuke.contracts.inquiry import Choices
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.platform.ui.templatetags.office import tax_year as tax_year_words
from tasuke.systems.subsidy.inquiries.choices import Question, choices_of
from tasuke.systems.subsidy.inquiries.models import InquiryState
from tasuke.systems.subsidy.inquiries.needed import Needed
from tasuke.systems.subsidy.inquiries.screens import Person, default_year

_SEPARATOR = "|"
_YEARS = 5
_STATES = tuple(InquiryState.choices)


class AskForm(forms.Form):
    """Whom, what, from whom. What stands in it at first is what a held decision waits for."""

    people = forms.MultipleChoiceField(
        label="照会する人", widget=forms.CheckboxSelectMultiple, help_text="所得を見る人だけを選びます"
    )
    purpose = forms.ChoiceField(
        label="審査と情報", widget=forms.RadioSelect, help_text="法令と条例で照会できる組合せだけが出ます"
    )
    year = forms.TypedChoiceField(label="年度", coerce=int, help_text="令和8年度は令和7年中の所得です")
    provider = forms.ChoiceField(label="照会先", help_text="所得は、その年の1月1日に住んでいた市区町村に照会します")
    extra_step = forms.CharField(
        label="支援措置の対象者を照会する理由",
        max_length=150,
        required=False,
        help_text="送る前に、別の職員の承認が要ります。照会したことは相手の記録に残ります",
    )

    def __init__(
        self, *args: Any, person: Person, choices: Choices, needed: Sequence[Needed], on: date, **kwargs: Any
    ) -> None:
        kwargs["initial"] = _first_guess(person, needed, on)
        super().__init__(*args, **kwargs)
        waiting = [one.scheme for one in needed]
        schemes = sorted(person.schemes, key=lambda scheme: scheme not in waiting)
        purposes = [
            (_SEPARATOR.join((scheme, c.procedure_code, c.information_code)), _purpose_words(scheme, c.information))
            for scheme in schemes
            for c in choices_of(scheme, choices)
        ]
        self.fields["people"].choices = list(person.household)  # type: ignore[attr-defined]
        self.fields["purpose"].choices = purposes  # type: ignore[attr-defined]
        self.fields["purpose"].initial = purposes[0][0] if purposes else None
        self.fields["provider"].choices = _bodies(choices)  # type: ignore[attr-defined]
        self.fields["year"].choices = _years(on)  # type: ignore[attr-defined]
        self.fields["extra_step"].required = person.protected
        if not person.protected:
            del self.fields["extra_step"]

    @property
    def scheme(self) -> str:
        """For whose cases is asked. The form is valid."""
        return str(self.cleaned_data["purpose"]).partition(_SEPARATOR)[0]

    def questions(self) -> list[Question]:
        """What was chosen. The form is valid."""
        given = self.cleaned_data
        _, procedure, information = given["purpose"].split(_SEPARATOR)
        return [Question(no, procedure, information, given["provider"], given["year"]) for no in given["people"]]


class BulkForm(forms.Form):
    """One body, and the persons who lived there on 1 January. rows: keys of the list, those that may be asked for."""

    provider = forms.ChoiceField(label="照会先", help_text="その年の1月1日に住んでいた市区町村")
    rows = forms.MultipleChoiceField(label="照会する人")

    def __init__(self, *args: Any, choices: Choices, keys: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = _bodies(choices, kind="municipality")  # type: ignore[attr-defined]
        self.fields["rows"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]


class StateForm(forms.Form):
    """Which inquiries to list."""

    state = forms.ChoiceField(
        label="状態",
        required=False,
        choices=[
            ("open", "回答待ち"),
            *((value, "回答あり(取り込んでいない)" if value == "answered" else label) for value, label in _STATES),
            ("taken", "取込済み"),
            ("all", "すべて"),
        ],
    )


def _first_guess(person: Person, needed: Sequence[Needed], on: date) -> dict[str, Any]:
    if not needed:
        return {"people": [person.atena_no], "year": default_year(on)}
    year = needed[0].tax_year
    return {"people": [one.atena_no for one in needed if one.tax_year == year], "year": year}


def _purpose_words(scheme: str, information: str) -> str:
    return f"{scheme_title(scheme)}の審査　{information}"


def _bodies(choices: Choices, kind: str = "") -> list[tuple[str, str]]:
    return [("", "選んでください")] + [(b.code, b.name) for b in choices.bodies if not kind or b.kind == kind]


def _years(on: date) -> list[tuple[int, str]]:
    newest = default_year(on)
    return [(year, tax_year_words(year)) for year in range(newest, newest - _YEARS, -1)]
