"""What stands in the bar on top: each room offers its entry when its addresses are read (`urls.py`)."""

from dataclasses import dataclass
from functools import lru_cache

from django.urls import NoReverseMatch, URLResolver, get_resolver, get_urlconf, reverse

from tasuke.platform.access import Action, Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the bar. order: from left to right, in the order of the work; key: digit of the shortcut, or ""."""

    order: int
    label: str
    url_name: str
    action: Action
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as a page shows it."""

    label: str
    url: str
    key: str
    current: bool


_entries: dict[str, Entry] = {}


def offer(*, order: int, label: str, url_name: str, action: Action, key: str = "") -> None:
    """Put an entry into the bar; offering it twice changes nothing."""
    _entries[url_name] = Entry(order, label, url_name, action, key)


def links_for(actor: Actor, path: str) -> list[Link]:
    """The entries that the person may use; the one under which `path` lies is the current one."""
    offered, addresses = [], get_resolver(get_urlconf())
    for entry in sorted(_entries.values(), key=lambda e: e.order):
        if not actor.may(entry.action):
            continue
        url = _address(addresses, entry.url_name)
        if url is None:
            continue
        offered.append((entry, url))
    # of /unified-id/ and /unified-id/errors/ only the nearer one is where the person is
    here = max((u for _, u in offered if (path == u if u == "/" else path.startswith(u))), key=len, default="")
    return [Link(entry.label, url, entry.key, url == here) for entry, url in offered]


@lru_cache(maxsize=256)
def _address(addresses: URLResolver, url_name: str) -> str | None:
    """Where an entry leads, worked out once and not for every page; None: no room of this installation.

    addresses: those that are in force; with others nothing that was kept counts.
    """
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None
