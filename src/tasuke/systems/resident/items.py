"""Which items there are, and which of them a consumer gets."""

from collections.abc import Iterable, Mapping

from tasuke.formats import resident_feed

# keys of an event itself, not items that somebody applies for
_HEAD = frozenset({"seq", "atena_no", "event_code", "event_date"})
ITEMS: dict[str, str] = {f.name: f.label for f in resident_feed.LAYOUT.fields if f.name not in _HEAD}
ALWAYS = frozenset({"protection"})  # who gets an address must know that it is to be kept


def only(items: Mapping[str, object], approved: Iterable[str]) -> dict[str, object]:
    """The approved items of a state, and always the mark of 支援措置."""
    wanted = {*approved, *ALWAYS}
    return {name: value for name, value in items.items() if name in wanted}


def unknown_items(names: Iterable[str]) -> list[str]:
    """Names that are no items of the layout."""
    return sorted(set(names) - set(ITEMS))
