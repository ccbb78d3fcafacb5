"""What an auditor asks for. Every question has a period: the trail is long."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tasuke.contracts.words import system_title
from tasuke.core.period import Period
from tasuke.core.wareki import to_wareki
from tasuke.platform.database.systems import SYSTEMS as HELD
from tasuke.platform.ui.fields import DayField, DigitsField

LONGEST_DAYS = 366
EXPORT_DAYS = 92
_BY_DEFAULT = 30
_YEARS = range(2000, 2200)  # outside of it nothing can have been recorded
# The trails of the systems that this process holds; WORK is asked first. What works for several bodies (中間サーバー,
# the state's side) is inspected where it runs by itself: beside a city's own systems it is none of the city's business.
_COMMON = {"midserver", "nis"}
_OWN = [name for name in HELD if name not in _COMMON]
SYSTEMS = [
    (name, "利用者と権限" if name == "accounts" else system_title(name))
    for name in (HELD if _OWN == ["accounts"] else _OWN)
]
WORK = next((name for name, _ in SYSTEMS if name != "accounts"), "accounts")


class PeriodForm(forms.Form):
    """First and last day; without a word of the person, the last thirty days.

    asks_first: something must be typed before there is an answer; otherwise the preset values give one at once.
    """

    longest = LONGEST_DAYS
    asks_first = False
    first = DayField(label="始まりの日")
    last = DayField(label="終わりの日")

    def __init__(self, data: Mapping[str, Any], *, today: date, **kwargs: Any) -> None:
        preset = {
            "first": to_wareki(today - timedelta(days=_BY_DEFAULT)),
            "last": to_wareki(today),
            **({"system": WORK} if "system" in self.base_fields else {}),
            **self.preset(),
        }
        typed = {key: data[key] for key in data if data[key] != ""}
        if typed or not self.asks_first:
            super().__init__({**preset, **typed}, **kwargs)
        else:
            super().__init__(initial=preset, **kwargs)

    @staticmethod
    def preset() -> dict[str, str]:
        """What stands in the other fields at first."""
        return {}

    def clean(self) -> dict[str, Any]:
        """Last day not before the first, and not too far from it."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        for name, day in (("first", first), ("last", last)):
            if day and day.year not in _YEARS:
                self.add_error(name, f"{_YEARS[0]}年から{_YEARS[-1]}年までの日にしてください")
        if first and last and last < first:
            self.add_error("last", "始まりの日より前です")
        elif first and last and (last - first).days >= self.longest:
            self.add_error("last", f"期間は{self.longest}日までにしてください")
        return cleaned

    @property
    def period(self) -> Period:
        """The period of a valid form."""
        return Period(self.cleaned_data["first"], self.cleaned_data["last"] + timedelta(days=1))


class ResidentForm(PeriodForm):
    """Who looked at this resident."""

    asks_first = True
    atena_no = DigitsField(label="宛名番号", max_length=15)
    system = forms.ChoiceField(label="記録のある場所", choices=SYSTEMS)


class ActorForm(PeriodForm):
    """What did this person of the office do."""

    asks_first = True
    personal_id = forms.RegexField(
        r"^[A-Za-z0-9-]{1,20}$", label="職員ID", error_messages={"invalid": "英数字とハイフンで入力してください"}
    )
    system = forms.ChoiceField(label="記録のある場所", choices=SYSTEMS)


class OffHoursForm(PeriodForm):
    """Outside which hours."""

    opens = forms.TimeField(label="始業", input_formats=["%H:%M"], help_text="例 8:30")
    closes = forms.TimeField(label="終業", input_formats=["%H:%M"], help_text="例 18:00")
    system = forms.ChoiceField(label="記録のある場所", choices=SYSTEMS)

    @staticmethod
    def preset() -> dict[str, str]:
        """A usual day of an office, with an hour of overtime."""
        return {"opens": "8:00", "closes": "19:00"}

    def clean_closes(self) -> time:
        """Behind the opening."""
        closes: time = self.cleaned_data["closes"]
        opens = self.cleaned_data.get("opens")
        if opens and closes <= opens:
            raise ValidationError("始業より後の時刻にしてください")
        return closes


class MassForm(PeriodForm):
    """From how many residents or searches a day on."""

    least = forms.IntegerField(label="1日に見た人数か検索の回数(以上)", min_value=2, max_value=1_000_000)
    system = forms.ChoiceField(label="記録のある場所", choices=SYSTEMS)

    @staticmethod
    def preset() -> dict[str, str]:
        """More than a busy counter serves."""
        return {"least": "200"}


class FailureForm(PeriodForm):
    """Failed sign-ins lie with the people, refusals with the work."""

    system = forms.ChoiceField(
        label="記録のある場所", choices=sorted(SYSTEMS, key=lambda system: system[0] != "accounts")
    )

    @staticmethod
    def preset() -> dict[str, str]:
        """Sign-ins first."""
        return {"system": "accounts"}


class ExportForm(PeriodForm):
    """A period as a file, with a reason that is recorded."""

    asks_first = True
    longest = EXPORT_DAYS
    personal_id = forms.RegexField(
        r"^[A-Za-z0-9-]{1,20}$", label="職員ID(空はすべての職員)", required=False,
        error_messages={"invalid": "英数字とハイフンで入力してください"},
    )  # fmt: skip
    system = forms.ChoiceField(label="記録のある場所", choices=SYSTEMS)
    reason = forms.CharField(
        label="取り出す理由", max_length=200, help_text="取り出したことは、理由とともに証跡に残ります。"
    )
