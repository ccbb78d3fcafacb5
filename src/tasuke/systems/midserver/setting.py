"""Values that an installation may change, with where they come from."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from tasuke.systems.midserver.models import Setting
from tasuke.systems.midserver.tenancy import USING


@dataclass(frozen=True, slots=True)
class Value:
    """unconfirmed: no published rule stands behind the value, and nobody here has confirmed another one."""

    name: str
    title: str
    value: int
    source: str
    unconfirmed: bool


def settings(*, using: str = USING) -> dict[str, Value]:
    """All values by name: the default, or what the operator has set, which counts as confirmed by its source."""
    own = {row.name: row for row in Setting.objects.using(using).all()}
    return {
        name: Value(name, raw["title"], own[name].value, own[name].source, False)
        if name in own
        else Value(name, raw["title"], raw["value"], raw["source"], raw["unconfirmed"])
        for name, raw in _defaults().items()
    }


def number(name: str, *, using: str = USING) -> int:
    """One value. Raises KeyError for a name that does not exist."""
    return settings(using=using)[name].value


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    return tomllib.loads((resources.files("tasuke.systems.midserver") / "settings.toml").read_text("utf-8"))
