"""Small answers while somebody types: what a day, a number or a code means. Each is a fragment below its field."""

import unicodedata
from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tasuke.core.calendar import age_on
from tasuke.core.numbers import NumberKind, check_number
from tasuke.core.wareki import InvalidDate, parse_date, to_wareki
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.templatetags.office import scheme as scheme_title
from tasuke.systems.subsidy.desk.checks import look_up_person, look_up_recipient
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.words import RESIDENT_STATES
from tasuke.systems.subsidy.payments.bank_table import branch_name

USING = "subsidy"
_WEEKDAYS = "月火水木金土日"
_LONGEST = 400
_MOST_PEOPLE = 10


@require_POST
@screen(Action.VIEW_HOME)
def day(request: OfficeRequest) -> HttpResponse:
    """A day in 和暦 and 西暦, with its day of the week and how far it is from today."""
    text = _typed(request)
    if not text:
        return _say(request, "")
    try:
        found = parse_date(text)
    except InvalidDate:
        return _say(request, "日付として読めません", wrong=True)
    words = f"{to_wareki(found)}({_WEEKDAYS[found.weekday()]}) {found:%Y-%m-%d}"
    return _say(request, f"{words} {_distance((found - request.today).days)}".strip())


@require_POST
@screen(Action.VIEW_HOME)
def insurer(request: OfficeRequest) -> HttpResponse:
    """Digits and check digit of a 保険者番号."""
    text = _digits(_typed(request))
    if not text:
        return _say(request, "")
    found = check_number(NumberKind.INSURER, text)
    if not found.valid:
        return _say(request, "。".join(p.message for p in found.problems), wrong=True)
    return _say(request, "検証番号が合っています")


@require_POST
@screen(Action.VIEW_HOME)
def bank(request: OfficeRequest) -> HttpResponse:
    """Bank and branch in words, by the bank list of today."""
    codes = [_digits(_plain(request.POST.get(name, ""))) for name in ("bank_code", "branch_code")]
    if len(codes[0]) != 4 or len(codes[1]) != 3:
        return _say(request, "")
    name = branch_name(USING, request.today, codes[0], codes[1])
    return _say(request, name or "この金融機関・店舗は今ありません", wrong=not name)


@sensitive_post_parameters()
@require_POST
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def person(request: OfficeRequest) -> HttpResponse:
    """Who is behind each 宛名番号: name, age, what they are entitled to already."""
    numbers = [n for n in map(_digits, _typed(request).replace("；", ";").split(";")) if n][:_MOST_PEOPLE]
    found = [look_up_person(using=USING, number=n, scope=request.scope, on=request.today) for n in numbers]
    request.audit.read([row["atena_no"] for row in found if row], "number-check")
    if not numbers:
        return _say(request, "")
    return _say(request, "、".join(_who(request, row) for row in found), wrong=None in found)


@sensitive_post_parameters()
@require_POST
@screen(Action.RECEIVE_APPLICATION, purpose="required")
def recipient(request: OfficeRequest) -> HttpResponse:
    """Who holds a 受給者番号."""
    number = _digits(_typed(request))
    found = look_up_recipient(using=USING, number=number, scope=request.scope, on=request.today) if number else None
    request.audit.read([found["atena_no"]] if found else [], "number-check")
    return _say(request, _who(request, found) if number else "", wrong=bool(number) and found is None)


def _who(request: OfficeRequest, row: Row | None) -> str:
    if row is None:
        return "住民情報にいないか、担当の区の外の人です"
    age = f" {age_on(row['birth_date'], request.today)}歳" if row["birth_date"] else ""
    state = "" if row["resident_status"] == "1" else f" {RESIDENT_STATES.get(row['resident_status'], '')}"
    held = "、".join(scheme_title(s) for s in row["held"] or ())
    return f"{row['name']}{age}{state}" + (f"(受給中: {held})" if held else "")


def _distance(days: int) -> str:
    if days == 0:
        return "今日"
    return f"{days}日後" if days > 0 else f"{-days}日前" if days > -366 else ""


def _typed(request: OfficeRequest) -> str:
    return _plain(request.POST.get(request.POST.get("field", ""), ""))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:_LONGEST]).strip()


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() else ""


def _say(request: OfficeRequest, words: str, *, wrong: bool = False) -> HttpResponse:
    context: Mapping[str, object] = {"words": words, "wrong": wrong}
    return render(request, "desk/_echo.html", context)
