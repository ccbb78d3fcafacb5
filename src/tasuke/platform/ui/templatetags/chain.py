"""`{% load chain %}`: names of systems, businesses, operations and doers, for the screens of the number chain."""

from collections.abc import Iterable
from datetime import date

from django import template

from tasuke.contracts.words import body_kind_title, business_title, operation_title, system_title, value_kind_title
from tasuke.core.wareki import to_wareki
from tasuke.formats import resident_feed, tax_feed
from tasuke.platform.ui.templatetags.office import NOTHING

register = template.Library()
# what no person did, and what stands for a person before there are any (deploy/chain/founding.py)
_NOBODY = {"founding-1": "開設時の登録", "founding-2": "開設時の承認", "midserver.tidy": "自動処理"}
# items of 特定個人情報 by the names of our own formats: the official layouts are unpublished
_ITEMS = {field.name: field for layout in (resident_feed.LAYOUT, tax_feed.LAYOUT) for field in layout.fields}
_HOUSEHOLD = {"self": "本人", "since": "世帯に入った日"}
_YES_NO = {True: "はい", False: "いいえ"}


@register.filter
def system(value: str) -> str:
    """welfare → 社会保障宛名."""
    return system_title(value) if value else NOTHING


@register.filter
def business(value: str) -> str:
    """900 → 900 医療費助成."""
    return business_title(value) if value else NOTHING


@register.filter
def operation(value: str, contract: str = "") -> str:
    """want-codes, of the contract juki → 符号の取得依頼."""
    return operation_title(value, contract=contract)


@register.filter
def body_kind(value: str) -> str:
    """municipality → 市区町村."""
    return body_kind_title(value)


@register.filter
def value_kind(value: str) -> str:
    """int → 整数."""
    return value_kind_title(value)


@register.filter
def by_whom(value: str) -> str:
    """A person's id as it is; words for what nobody in particular did."""
    return _NOBODY.get(value, value) if value else NOTHING


@register.filter
def item(name: str) -> str:
    """total_income → 総所得金額等; the name itself when no format of ours has it."""
    return _ITEMS[name].label if name in _ITEMS else _HOUSEHOLD.get(name, name)


@register.filter
def items(names: Iterable[str]) -> str:
    """Items in one line."""
    return "、".join(item(name) for name in names) or NOTHING


@register.simple_tag
def item_value(name: str, value: object) -> str:
    """A value as an official reads it: codes by their words, yen, days in 和暦; other values as they are."""
    field = _ITEMS.get(name)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _YES_NO[value]
    if field is not None and field.codes and str(value) in field.codes:
        return f"{field.codes[str(value)]}({value})"
    if isinstance(value, int):
        return f"{value:,}円" if name in tax_feed.MONEY_COLUMNS else str(value)
    return _day(str(value))


def _day(text: str) -> str:
    """A day in 和暦 when the text is one."""
    try:
        return to_wareki(date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text
