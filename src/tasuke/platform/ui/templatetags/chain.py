"""`{% load chain %}`: names of systems, businesses, operations and doers, for the screens of the number chain."""

from django import template

from tasuke.contracts.words import body_kind_title, business_title, operation_title, system_title, value_kind_title
from tasuke.platform.ui.templatetags.office import NOTHING

register = template.Library()
# what no person did, and what stands for a person before there are any (deploy/chain/founding.py)
_NOBODY = {"founding-1": "開設時の登録", "founding-2": "開設時の承認", "midserver.tidy": "自動処理"}


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
