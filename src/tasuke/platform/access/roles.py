"""Roles as data: `roles.toml` beside this file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tasuke.platform.access.actions import Action, Kind


@dataclass(frozen=True, slots=True)
class Role:
    """A role: what it may do, who may hold it (prose for the person who approves), which roles exclude it."""

    id: str
    label: str
    holder: str
    actions: frozenset[Action]
    excludes: frozenset[str] = frozenset()


@cache
def roles() -> dict[str, Role]:
    """All roles by id, in the order of the file. Raises ValueError for an action that does not exist."""
    raw = tomllib.loads((resources.files("tasuke.platform.access") / "roles.toml").read_text("utf-8"))
    return {
        name: Role(
            name,
            body["label"],
            body["holder"],
            frozenset(Action(a) for a in body["actions"]),
            frozenset(body.get("excludes", ())),
        )
        for name, body in raw.items()
    }


def roles_with(action: Action) -> frozenset[str]:
    """Ids of the roles that may do this; all of them for an action on one's own account."""
    return frozenset(r.id for r in roles().values() if action in r.actions or action.kind is Kind.SELF)


def role_label(role: str) -> str:
    """The role in Japanese; the id itself when the role has been taken out of the file."""
    known = roles().get(role)
    return known.label if known else role
