"""The city's 移転 as its profile states them, within the closed list of items, and what is still 未確認."""

from collections.abc import Iterable

from tasuke.contracts.sharing import ITEM_LABELS
from tasuke.core.shared_items import SharedItem
from tasuke.platform.access import Scope
from tasuke.schemes.profile import SharingRule
from tasuke.systems.subsidy.profile import active_profile


class UnknownRule(LookupError):
    """The city has no such 移転, or it is not for whoever asks."""


def rules_in(scope: Scope) -> list[SharingRule]:
    """移転 of the schemes that somebody may see, in the order of the profile. Empty: this city moves nothing."""
    return [rule for rule in active_profile().sharing if scope.schemes is None or rule.scheme in scope.schemes]


def rule_in(key: str, *, scope: Scope) -> SharingRule:
    """One of them. Raises UnknownRule."""
    found = next((rule for rule in rules_in(scope) if rule.key == key), None)
    if found is None:
        raise UnknownRule(key)
    return found


def items_of(rule: SharingRule) -> list[SharedItem]:
    """What a permit may name, in the order of the contract's list."""
    return [item for item in ITEM_LABELS if item in rule.items]


def labels(items: Iterable[str]) -> list[str]:
    """Items in words, in the order of the contract's list."""
    wanted = set(items)
    return [label for item, label in ITEM_LABELS.items() if item in wanted]
