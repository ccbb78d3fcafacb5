"""Take rows of the 住民情報 feed as states, number them for every consumer, and tell the gateway changed households."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from uuid import uuid4

import polars as pl
from django.db import connections, transaction

from tasuke.contracts.distribution import PUT_HOUSEHOLDS, HouseholdMember, Households, HouseholdState
from tasuke.platform.bulk import staging
from tasuke.platform.transport import outbox
from tasuke.systems.resident.deliveries import number_new_states
from tasuke.systems.resident.items import ITEMS
from tasuke.systems.resident.models import HouseholdRecord

_JST = timezone(timedelta(hours=9))
_COLUMNS = {
    "event_id": "uuid",
    "atena_no": "varchar(15)",
    "household_no": "varchar(15)",
    "event_code": "varchar(2)",
    "event_date": "date",
    "recorded_at": "timestamptz",
    "items": "jsonb",
    "digest": "bytea",
    "protection": "boolean",
    "file_id": "bigint",
    "line": "integer",
}
# A state that says what the person's newest state of that day says already is no event. Compared with the newest alone:
# A, then B, then A again on one day are three events, or the wrong one would stay.
_INSERT = """
INSERT INTO resident_state ({columns})
SELECT {columns} FROM {staged} s WHERE NOT s.first OR NOT EXISTS (
  SELECT FROM (SELECT x.digest FROM resident_state x WHERE x.atena_no = s.atena_no AND x.event_date = s.event_date
               ORDER BY x.id DESC LIMIT 1) newest WHERE newest.digest = s.digest)
ORDER BY place
"""
_HOUSEHOLDS = """
SELECT m.household_no, m.atena_no, m.items->>'relationship_code', m.event_date, m.protection FROM (
  SELECT DISTINCT ON (s.atena_no) s.* FROM resident_state s
  WHERE s.atena_no IN (SELECT x.atena_no FROM resident_state x WHERE x.household_no = ANY(%(households)s))
  ORDER BY s.atena_no, s.event_date DESC, s.id DESC
) m WHERE m.household_no = ANY(%(households)s) AND m.items->>'resident_status' = '1'
ORDER BY m.household_no, m.items->>'relationship_code', m.atena_no
"""
_HOUSEHOLDS_AT_ONCE = 1_000
# The households that the new states name, and those that these people leave: who stays there is told too.
_CHANGED = """
WITH told AS (SELECT s.atena_no, s.household_no FROM resident_state s WHERE s.id > %(after)s AND s.id <= %(upto)s)
SELECT household_no FROM told
UNION
SELECT left_one.household_no FROM (SELECT DISTINCT atena_no FROM told) t CROSS JOIN LATERAL (
  SELECT x.household_no FROM resident_state x WHERE x.atena_no = t.atena_no AND x.id <= %(after)s
  ORDER BY x.event_date DESC, x.id DESC LIMIT 1
) left_one
ORDER BY 1
"""


def receive_states(
    *, using: str, rows: pl.DataFrame, at: datetime, file_id: int | None, tell_gateway: bool
) -> Mapping[str, int]:
    """Store the rows that are new; the caller's transaction. Counts: added, unchanged.

    rows: the layout's columns and `line`, in the order in which they are to count. tell_gateway: push the households
    (世帯情報) that changed to 市中間サーバ (RES-3).
    """
    if rows.is_empty():
        return {"added": 0, "unchanged": 0}
    frame = _states(rows, at, file_id)
    with transaction.atomic(using=using):
        connection = connections[using]
        with connection.cursor() as cursor:
            # consumers see numbers in the order of commits: two imports at once take their turns
            cursor.execute("LOCK TABLE resident_consumer IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("SELECT COALESCE(max(id), 0) FROM resident_state")
            before = int(cursor.fetchone()[0])
        types = {**_COLUMNS, "place": "integer", "first": "boolean"}
        with staging(connection, frame, types) as staged, connection.cursor() as cursor:
            cursor.execute(_INSERT.format(columns=", ".join(_COLUMNS), staged=staged))
            added = cursor.rowcount
            cursor.execute("SELECT COALESCE(max(id), 0) FROM resident_state")
            newest = int(cursor.fetchone()[0])
        number_new_states(using=using, after=before, upto=newest)
        if tell_gateway and added:
            _post_households(using, before, newest, at)
    return {"added": added, "unchanged": rows.height - added}


def _states(rows: pl.DataFrame, at: datetime, file_id: int | None) -> pl.DataFrame:
    names = [name for name in ITEMS if name in rows.columns]
    texts = [pl.col(n).dt.to_string("%Y-%m-%d") if rows.schema[n] == pl.Date else pl.col(n) for n in names]
    items = rows.select(pl.struct(texts).struct.json_encode().alias("items"))["items"]
    digests = [sha256(text.encode()).digest() for text in items]
    states = (
        rows.select("atena_no", "household_no", "event_code", "event_date", "protection", "line")
        .with_columns(
            pl.Series("event_id", [str(uuid4()) for _ in range(rows.height)]),
            pl.lit(at.isoformat()).alias("recorded_at"),
            items,
            pl.Series("digest", [f"\\x{digest.hex()}" for digest in digests]),
            pl.lit(file_id, dtype=pl.Int64).alias("file_id"),
            pl.int_range(rows.height, dtype=pl.Int64).alias("place"),
        )
        .select(*_COLUMNS, "place")
    )
    # within the file: a row that repeats the one before it of the same person and day
    same_day = ["atena_no", "event_date"]
    earlier = pl.col("digest").shift(1).over(same_day, order_by="place")
    kept = states.filter(earlier.is_null() | (pl.col("digest") != earlier))
    return kept.with_columns((pl.col("place") == pl.col("place").min().over(same_day)).alias("first"))


def _post_households(using: str, before: int, newest: int, at: datetime) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_CHANGED, {"after": before, "upto": newest})
        numbers = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(numbers), _HOUSEHOLDS_AT_ONCE):
            part = numbers[start : start + _HOUSEHOLDS_AT_ONCE]
            cursor.execute(_HOUSEHOLDS, {"households": part})
            members: dict[str, list[HouseholdMember]] = {number: [] for number in part}
            for household_no, atena_no, relationship, since, protected in cursor.fetchall():
                members[household_no].append(
                    HouseholdMember(atena_no=atena_no, relationship_code=relationship, since=since, protected=protected)
                )
            outbox.post(
                using=using,
                provider="gateway",
                operation=PUT_HOUSEHOLDS,
                request=Households(
                    households=tuple(
                        HouseholdState(household_no=number, as_of=_day(at), members=tuple(found))
                        for number, found in members.items()
                    )
                ),
                key=f"households-{newest}-{start}",
                at=at,
            )
            persons = [member.atena_no for found in members.values() for member in found]
            HouseholdRecord.objects.using(using).create(
                message_key=f"households-{newest}-{start}",
                at=at,
                households=len(members),
                members=len(persons),
                persons_sha256=sha256("\n".join(sorted(persons)).encode()).digest(),
            )


def _day(at: datetime) -> date:
    return at.astimezone(_JST).date()
