"""What is counted and put on record around each call: numbers for the operator, persons for the trail."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connections

from tasuke.contracts.kit import Caller
from tasuke.platform.audit import Origin, Recorder
from tasuke.systems.midserver.tenancy import USING

_ZONE = ZoneInfo("Asia/Tokyo")
_ADD = """
INSERT INTO midserver_daily_count (body, day, what, count)
SELECT %s, %s, what, count FROM unnest(%s::text[], %s::bigint[]) AS n (what, count)
ON CONFLICT (body, day, what) DO UPDATE SET count = midserver_daily_count.count + excluded.count
"""


def pseudonym(body: str, person_key: bytes) -> str:
    """How the trail names a person: whoever holds the municipality's key can find the events of one, nobody else."""
    return f"{body}:{bytes(person_key).hex()[:32]}"


def count(*, body: str, at: datetime, counts: Mapping[str, int], using: str = USING) -> None:
    """Add to the statistics of the day. Outside of `inside`."""
    kept = {what: n for what, n in sorted(counts.items()) if n}
    if not kept:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(_ADD, [body, at.astimezone(_ZONE).date(), list(kept), list(kept.values())])


def record_call(
    *,
    caller: Caller,
    operation: str,
    persons: Iterable[bytes],
    changed: bool,
    using: str = USING,
) -> None:
    """Who called for whom. persons: keyed indexes. Outside of `inside`."""
    recorder = Recorder(
        Origin(
            personal_id=caller.client_id,
            at=caller.at,
            office=caller.body,
            action=operation,
            screen=f"midserver.api.{operation}",
        )
    )
    named = [pseudonym(caller.body, key) for key in persons]
    if changed:
        recorder.changed(named, operation)
    else:
        recorder.read(named, operation)
    recorder.flush(using)
