"""Who takes residents' data and changes of 社会保障宛名: applied for and approved by two hands, and kept up to date.

What a version of ours wants may grow. What the founding approved itself it brings up to date the same way; what a
person applied for is his to change, and is named as a task instead.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from tasuke.deploy.clock import TOKYO

if TYPE_CHECKING:
    from tasuke.systems.resident.models import UsageApplication
    from tasuke.systems.welfare.models import Subscriber

FOUNDER, SECOND = "founding-1", "founding-2"  # two hands, as for every approval
# what 団体内統合宛名 needs of a resident, and nothing else
_FOUR_INFO = ("name", "name_kana", "sex", "birth_date", "birth_text", "address", "address_detail", "resident_status")
# what the registry of 医療費助成 takes over (registry/rounds.py)
KINDS = ("person", "nonresident", "merge", "tax", "account", "mailing")
_BEGAN = date(2017, 4, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Items of residents that a system needs."""

    system: str
    name: str
    business_id: str
    items: tuple[str, ...]
    with_my_number: bool
    purpose: str


def behind(systems: tuple[str, ...]) -> list[str]:
    """What systems want and have no approval for, in words; nothing is changed. `found` approves its own anew."""
    left = []
    if "resident" in systems:
        left += [_told_items(lack) for lack in _items_lacking() if lack.newest is not None]
    if "welfare" in systems:
        known, lacking = _kinds_lacking()
        left += [_told_kinds(lacking)] if known is not None and lacking else []
    return left


def approve_consumers(at: datetime) -> list[str]:
    """Approve what systems want of residents, or want anew; gives what a person has to apply for, in words."""
    left = []
    for lack in _items_lacking():
        if lack.newest is None:
            _approve_items(lack.wanted, lack.wanted.items, _BEGAN, at)
        elif lack.newest.requested_by == FOUNDER:
            today = at.astimezone(TOKYO).date()
            _approve_items(lack.wanted, (*lack.newest.items, *lack.wanted.items), today, at)
        else:
            left.append(_told_items(lack))
    return left


@dataclass(frozen=True, slots=True)
class _Lack:
    """Items that a system wants and has not; newest: its approval that holds last."""

    wanted: Wanted
    newest: "UsageApplication | None"
    items: tuple[str, ...]


def _items_lacking() -> list[_Lack]:
    from tasuke.systems.resident.items import ITEMS
    from tasuke.systems.resident.models import UsageApplication

    found = []
    for wanted in (
        Wanted("unified_id", "団体内統合宛名", "032", _FOUR_INFO, True, "番号法 統合宛名番号の付番と紐付け"),
        Wanted("welfare", "社会保障宛名", "020", tuple(ITEMS), False, "社会保障の宛名の管理"),
    ):
        approved = UsageApplication.objects.using("resident").filter(
            consumer__system=wanted.system, state=UsageApplication.State.APPROVED
        )
        newest = approved.order_by("-valid").first()
        items = tuple(item for item in wanted.items if newest is None or item not in newest.items)
        found += [_Lack(wanted, newest, items)] if items else []
    return found


def _told_items(lack: _Lack) -> str:
    from tasuke.systems.resident.items import ITEMS

    labels = "、".join(ITEMS.get(item, item) for item in lack.items)
    return f"個人基本「利用申請」: {lack.wanted.name}に要る項目の承認がありません({labels})"


def _approve_items(wanted: Wanted, items: tuple[str, ...], since: date, at: datetime) -> None:
    from tasuke.systems.resident.services.apply_for_items import apply_for_items, decide_application

    with transaction.atomic(using="resident"):
        made = apply_for_items(
            using="resident",
            system=wanted.system,
            name=wanted.name,
            business_id=wanted.business_id,
            items=items,
            with_my_number=wanted.with_my_number,
            legal_basis="架空の市の利用承認(住民基本台帳法、番号法)",
            purpose=wanted.purpose,
            valid_from=since,
            valid_to=None,
            by=FOUNDER,
            at=at,
        )
        decide_application(using="resident", application_id=made.pk, approve=True, by=SECOND, at=at)


def approve_subscriber(at: datetime) -> list[str]:
    """Approve the kinds of changes that 医療費助成 takes, or takes anew; gives what a person has to apply for.

    Kinds that are added are numbered from their beginning: nothing that happened before is missing.
    """
    from tasuke.systems.welfare.services.subscribe import end_subscription

    known, lacking = _kinds_lacking()
    if not lacking:
        return []
    if known is None:
        _approve_kinds(lacking, at)
    elif known.requested_by != FOUNDER:
        return [f"{_told_kinds(lacking)}。終了して申請し直します"]
    else:
        with transaction.atomic(using="welfare"):
            end_subscription(using="welfare", subscriber_id=known.pk, by=SECOND, at=at)
            _approve_kinds((*known.kinds, *lacking), at)
    return []


def _kinds_lacking() -> tuple["Subscriber | None", tuple[str, ...]]:
    from tasuke.systems.welfare.models import Subscriber

    known = Subscriber.objects.using("welfare").filter(system="subsidy").first()
    if (
        known is not None and known.state != Subscriber.State.APPROVED
    ):  # rejected or ended by somebody: theirs to change
        return known, ()
    return known, tuple(kind for kind in KINDS if known is None or kind not in known.kinds)


def _told_kinds(kinds: tuple[str, ...]) -> str:
    from tasuke.systems.welfare.models import Change

    labels = "、".join(Change.Kind(kind).label for kind in kinds)
    return f"社会保障宛名「配信」: 医療費助成に要る種類の承認がありません({labels})"


def _approve_kinds(kinds: tuple[str, ...], at: datetime) -> None:
    from tasuke.systems.welfare.services.subscribe import apply_for_changes, decide_subscription

    made = apply_for_changes(
        using="welfare",
        system="subsidy",
        name="医療費助成",
        business_id="900",
        kinds=kinds,
        legal_basis="架空の市の利用承認(条例)",
        purpose="医療費助成の資格審査と支給",
        by=FOUNDER,
        at=at,
    )
    decide_subscription(using="welfare", subscriber_id=made.pk, approve=True, by=SECOND, at=at)
