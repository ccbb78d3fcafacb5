"""`{% load office %}`: days, money, states, form fields, error summary and paging, as every screen shows them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BaseForm, BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from tasuke.core.calendar import age_on
from tasuke.core.wareki import to_wareki, to_wareki_short
from tasuke.platform.ui.paging import Page
from tasuke.platform.ui.site import site

register = template.Library()
NOTHING = "―"


@register.filter
def wareki(value: date | None) -> str:
    """令和8年4月1日; a moment gets its time behind it; ― for nothing."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        local = localtime(value)
        return f"{to_wareki(local.date())} {local:%H:%M}"
    return to_wareki(value)


@register.filter
def wareki_short(value: date | None) -> str:
    """R08.04.01, for tables."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        local = localtime(value)
        return f"{to_wareki_short(local.date())} {local:%H:%M}"
    return to_wareki_short(value)


@register.filter
def wareki_month(value: date | None) -> str:
    """令和8年4月 (診療月, 請求月)."""
    return NOTHING if value is None else to_wareki(value).rpartition("月")[0] + "月"


@register.filter
def moment(value: datetime | None) -> str:
    """R08.04.01 09:05:59, where seconds tell apart what was done."""
    return NOTHING if value is None else f"{to_wareki_short(localtime(value).date())} {localtime(value):%H:%M:%S}"


@register.filter
def tax_year(value: int | None) -> str:
    """令和8年度; ― for nothing."""
    return NOTHING if value is None else f"{to_wareki(date(value, 4, 1)).partition('年')[0]}年度"


@register.filter
def version_words(value: str) -> str:
    """A version of rules by its first day (2024-04-01 → 令和6年4月1日から); other words stand as they are."""
    try:
        return f"{to_wareki(date.fromisoformat(value))}から"
    except ValueError:
        return value or NOTHING


@register.filter
def last_day(value: date | None) -> date | None:
    """The inclusive last day of a period that ends (exclusively) on the value."""
    return None if value is None else value - timedelta(days=1)


@register.filter
def period(value: Any) -> str:
    """A daterange as R08.04.01～R09.03.31, with the inclusive last day; open ends stay open."""
    if value is None:
        return NOTHING
    first = getattr(value, "lower", getattr(value, "start", None))
    end = getattr(value, "upper", getattr(value, "end", None))
    return f"{to_wareki_short(first) if first else ''}～{to_wareki_short(end - timedelta(days=1)) if end else ''}"


@register.filter
def age(birth: date | None, on: date) -> str:
    """Age in years on a day (年齢計算ニ関スル法律 as people count: it grows on the birthday)."""
    return NOTHING if birth is None else f"{age_on(birth, on)}歳"


@register.filter
def yen(value: int | None) -> str:
    """1,234円; ― for nothing."""
    return NOTHING if value is None or not isinstance(value, int) else f"{value:,}円"


@register.filter
def number(value: int | None) -> str:
    """1,234; ― for nothing."""
    return f"{value:,}" if isinstance(value, int) else NOTHING  # a missing name in a template comes as ""


@register.filter
def blank(value: object) -> object:
    """― for what is empty; 0 is not empty."""
    return NOTHING if value is None or value == "" else value


@register.filter
def ward(code: str | None) -> str:
    """Name of a ward or of the municipality; the code itself when it is none of ours; ― for nothing."""
    return site().places.get(code, code) if code else NOTHING


@register.filter
def scheme(scheme_id: str | None) -> str:
    """Title of a scheme without the city's name; the id itself when the city does not run it."""
    if not scheme_id:
        return NOTHING
    return site().schemes.get(scheme_id, scheme_id).removeprefix(site().name).strip()


@register.filter
def masked(value: str | None) -> str:
    """An account number with its last three digits: ****123."""
    return NOTHING if not value else "*" * max(len(value) - 3, 0) + value[-3:]


@register.filter
def get(mapping: Mapping[Any, Any], key: object) -> Any:
    """The value of a key; "" when it is missing."""
    return mapping.get(key, "")


@register.simple_tag(takes_context=True)
def staff(context: template.Context, personal_id: str | None) -> str:
    """Somebody of the staff as 氏名(利用者ID), ― for nobody; one statement a page, however many are named."""
    return context["staff_names"].told(personal_id) or NOTHING


@register.simple_tag
def state_badge(label: object, tone: str = "plain") -> SafeString:
    """A state as a small sign with its word (colour never stands alone). tone: good, warn, bad, info, plain."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, label)


@register.inclusion_tag("ui/_field.html")
def field(bound: BoundField, label: str = "", hint: str = "") -> dict[str, Any]:
    """One field of a form: label, 必須, hint, the error at the field, the widget tied to both for screen readers."""
    hint = hint or str(bound.help_text)
    parts = ((f"{bound.auto_id}_hint", hint), (f"{bound.auto_id}_error", bound.errors))
    described = [part for part, there in parts if there]
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    grouped = bound.use_fieldset
    return {
        "bound": bound,
        "label": label or bound.label,
        "hint": hint,
        "required": bound.field.required,
        "grouped": grouped,
        "described": " ".join(described),
        "checkbox": bound.widget_type == "checkbox",
        "widget": bound.as_widget(attrs=None if grouped else attrs),
    }


@register.inclusion_tag("ui/_error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """All errors of a form on top of the page, each a link to its field. Put it before the form."""
    listed = [
        {"label": bound.label, "target": _first_id(bound), "messages": bound.errors}
        for bound in form
        if form.is_bound and bound.errors
    ]
    return {"general": form.non_field_errors() if form.is_bound else [], "listed": listed}


def _first_id(bound: BoundField) -> str:
    """Where the cursor goes: a group of choices has no element with the id of the field itself."""
    return f"{bound.auto_id}_0" if bound.use_fieldset else bound.id_for_label or bound.auto_id


@register.inclusion_tag("ui/_pager.html", takes_context=True)
def pager(context: template.Context, page: Page[Any], noun: str = "件") -> dict[str, Any]:
    """Links to the next piece and back to the beginning; the other words of the address stay."""
    query = {k: v for k, v in context["request"].GET.items() if k != "after"}
    return {
        "page": page,
        "noun": noun,
        "begin": "?" + urlencode(query),
        "next": "?" + urlencode({**query, "after": page.next_key}),
    }
