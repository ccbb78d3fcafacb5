"""What runs again and again at the stand-in. Each round is idempotent and short; deploy calls them in a loop."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import connections

from tasuke.systems.nis.services.expire_permits import expire_permits
from tasuke.systems.nis.services.open_network import RENEW_BEFORE, renew_core_keys
from tasuke.systems.nis.services.remove_expired import kept_from, remove_expired
from tasuke.systems.nis.settings_holder import CORE, USING

# what each round would find to do, in the order of ROUNDS
_DUE = """
SELECT EXISTS (SELECT FROM nis_issuedpermit WHERE state = 'open' AND expires_at <= %s),
       EXISTS (SELECT FROM nis_record WHERE keep_until <= %s)
       OR EXISTS (SELECT FROM nis_issuedpermit WHERE state <> 'open' AND closed_at <= %s)
       OR EXISTS (SELECT FROM nis_received WHERE at <= %s)
       OR EXISTS (SELECT FROM nis_refusal WHERE at <= %s),
       (SELECT count(DISTINCT use) < 2 FROM nis_directorykey WHERE body = %s AND valid_to > %s)
"""


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


def run_round(at: datetime, limit: int = 10_000) -> Mapping[str, int]:
    """Those rounds that have something to do; one statement finds out which."""
    upto = kept_from(at)
    moments = [upto[what] for what in ("records", "permits", "received", "refusals")]
    with connections[USING].cursor() as cursor:
        cursor.execute(_DUE, [at, *moments, CORE, at + RENEW_BEFORE])
        due = cursor.fetchone()
    counts: dict[str, int] = {}
    for one in (one for one, has_work in zip(ROUNDS.values(), due, strict=True) if has_work):
        for name, count in one(at, limit).items():
            counts[name] = counts.get(name, 0) + count
    return counts
