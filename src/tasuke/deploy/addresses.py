"""Every address of the site with its action and who may: `python -m tasuke.deploy.addresses` writes the table as CSV.

The table in the tests is made by this and read by people: a test compares it with the program, address by address.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from django.urls import URLPattern, URLResolver, get_resolver

from tasuke.platform.access import Action
from tasuke.platform.access.roles import roles, roles_with

ALLOWED, REFUSED, PUBLIC = "可", "不可", "公開"


class Unguarded(RuntimeError):
    """A view has neither an action nor a reason to be public."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address: its route, the view, and what guards it. action None: public, for the reason given."""

    route: str
    view: Callable[..., Any]
    action: Action | None
    purpose: str
    reason: str

    def outcome(self, role: str) -> str:
        """What somebody of this role gets."""
        if self.action is None:
            return PUBLIC
        return ALLOWED if role in roles_with(self.action) else REFUSED


def addresses() -> list[Address]:
    """All addresses, by route. Raises Unguarded."""
    return sorted(_walk(get_resolver().url_patterns, "/"), key=lambda a: a.route)


def _walk(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
            continue
        view = pattern.callback
        action: Action | None = getattr(view, "action", None)
        reason: str = getattr(view, "public", "")
        if (action is None) == (not reason):
            raise Unguarded(f"{route}: {view.__module__}.{getattr(view, '__name__', view)}")
        yield Address(route, view, action, getattr(view, "purpose", "none"), reason)


def table() -> list[dict[str, str]]:
    """One row per address: action, what it touches, purpose, and a column per role."""
    return [
        {
            "アドレス": one.route,
            "操作": one.action.value if one.action else "",
            "対象": one.action.kind.value if one.action else "",
            "目的": one.purpose,
            "公開の理由": one.reason,
            **{role: one.outcome(role) for role in roles()},
        }
        for one in addresses()
    ]


def write_table(out: TextIO) -> None:
    """The table as CSV."""
    rows = table()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    from tasuke.deploy.setup import configure

    configure()
    write_table(sys.stdout)
