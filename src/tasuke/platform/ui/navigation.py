"""What stands in the bar on top: each room offers its entry when its addresses are read (`urls.py`)."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

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
    found = []
    for entry in sorted(_entries.values(), key=lambda e: e.order):
        if not actor.may(entry.action):
            continue
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:  # the room is not part of this installation
            continue
        current = path == url if url == "/" else path.startswith(url)
        found.append(Link(entry.label, url, entry.key, current))
    return found
