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
    """unconfirmed: no published rule stands behind the value, and nobody here has confirmed another one.

    least, most: between which it may be set; bounds: why (Japanese).
    """

    name: str
    title: str
    value: int
    source: str
    unconfirmed: bool
    least: int
    most: int
    bounds: str


def settings(*, using: str = USING) -> dict[str, Value]:
    """All values by name: the default, or what the operator has set, which counts as confirmed by its source."""
    own = {row.name: row for row in Setting.objects.using(using).all()}
    return {name: _value(name, raw, own.get(name)) for name, raw in _defaults().items()}


def number(name: str, *, using: str = USING) -> int:
    """One value. Raises KeyError for a name that does not exist."""
    return settings(using=using)[name].value


def _value(name: str, raw: dict[str, Any], own: Setting | None) -> Value:
    value, source = (own.value, own.source) if own else (raw["value"], raw["source"])
    unconfirmed = raw["unconfirmed"] and own is None
    return Value(name, raw["title"], value, source, unconfirmed, raw["least"], raw["most"], raw["bounds"])


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    return tomllib.loads((resources.files("tasuke.systems.midserver") / "settings.toml").read_text("utf-8"))
