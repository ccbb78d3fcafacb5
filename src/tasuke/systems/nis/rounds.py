"""What runs again and again at the stand-in. Each round is idempotent and short; deploy calls them in a loop."""

from collections.abc import Callable, Mapping
from datetime import datetime

from tasuke.systems.nis.services.expire_permits import expire_permits
from tasuke.systems.nis.services.open_network import renew_core_keys
from tasuke.systems.nis.services.remove_expired import remove_expired


def close_permits(at: datetime, limit: int = 10_000) -> Mapping[str, int]:
    """Permits that ran out: closed, and told to those who asked."""
    return {"expired": expire_permits(at=at, limit=limit)}


def tidy(at: datetime, limit: int = 10_000) -> Mapping[str, int]:
    """What was kept long enough is deleted."""
    return remove_expired(at=at, limit=limit)


def renew_keys(at: datetime, limit: int = 1) -> Mapping[str, int]:
    """New keys for core before the old ones end."""
    return {"renewed": renew_core_keys(at=at)}


ROUNDS: Mapping[str, Callable[[datetime, int], Mapping[str, int]]] = {
    "nis.close-permits": close_permits,
    "nis.tidy": tidy,
    "nis.renew-keys": renew_keys,
}
