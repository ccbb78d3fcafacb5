"""States of persons into the tables, set-based: each once, with search keys, marks of 支援措置 and changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connections

from tasuke.core.kana import kana_key
from tasuke.core.text import normalize, search_key_series
from tasuke.platform.bulk import staging
from tasuke.systems.welfare.publishing import publishing

Value = str | bool | int | None
BUSINESS_NONRESIDENT = "031"  # 住登外者宛名番号管理
_TYPES = {
    "event_id": "uuid",
    "source": "varchar(12)",
    "atena_no": "varchar(15)",
    "valid_from": "date",
    "place": "bigint",
    "event_code": "varchar(2)",
    "recorded_at": "timestamptz",
    "recorded_by": "varchar(20)",
    "items": "jsonb",
    "protection": "boolean",
    "name_key": "varchar(400)",
    "kana_key": "varchar(400)",
    "alias_key": "varchar(400)",
    "address_key": "varchar(1000)",
    "birth_date": "date",
    "sex": "varchar(1)",
}
_INSERT = """
INSERT INTO welfare_person_state ({columns}) SELECT {columns} FROM {staged} ORDER BY ord
ON CONFLICT (event_id) DO NOTHING
"""
_NEWEST = "SELECT COALESCE(max(id), 0) FROM welfare_person_state"
_PROTECT = """
INSERT INTO welfare_protection (atena_no, since, ended_by, ended_reason)
SELECT atena_no, min(valid_from), '', '' FROM welfare_person_state
WHERE id > %(before)s AND protection GROUP BY atena_no ORDER BY atena_no
ON CONFLICT (atena_no) WHERE ended_at IS NULL DO NOTHING
"""
# a state that a later one of the same day has overruled is history here, and no news to anybody
_CHANGES = """
INSERT INTO welfare_change (kind, atena_no, valid_from, recorded_at, items, only_for)
SELECT CASE s.source WHEN 'resident' THEN 'person' ELSE 'nonresident' END, s.atena_no, s.valid_from, s.recorded_at,
  s.items || jsonb_build_object('event_code', s.event_code, 'protection', EXISTS (
    SELECT 1 FROM welfare_protection p WHERE p.atena_no = s.atena_no AND p.ended_at IS NULL)),
  CASE WHEN s.source = 'nonresident' AND i.hidden THEN i.business_id ELSE '' END
FROM welfare_person_state s LEFT JOIN welfare_issued_number i ON i.atena_no = s.atena_no
WHERE s.id > %(before)s AND s.source <> 'corporation' AND NOT EXISTS (
  SELECT 1 FROM welfare_person_state n
  WHERE n.atena_no = s.atena_no AND n.valid_from = s.valid_from AND (n.place, n.id) > (s.place, s.id))
ORDER BY s.id
"""
# 住登外者 who have become residents under the same number: their own side ends, its history stays
_ENDED = """
UPDATE welfare_issued_number i SET ended_on = s.valid_from, ended_reason = '住民になったため',
  resident_atena_no = s.atena_no, hidden = FALSE
FROM (SELECT DISTINCT ON (atena_no) * FROM welfare_person_state WHERE id > %(before)s AND source = 'resident'
      ORDER BY atena_no, valid_from DESC, place DESC, id DESC) s
WHERE i.atena_no = s.atena_no AND i.ended_on IS NULL AND s.items->>'resident_status' = '1'
RETURNING i.atena_no
"""
_NOTICE = """
INSERT INTO welfare_number_notice
  (business_id, atena_no, removed, version, state, attempts, posted_at, next_at, error, my_number_sealed)
SELECT %(business)s, atena_no, %(removed)s, 1, 'waiting', 0, %(at)s::timestamptz, %(at)s::timestamptz, '', %(sealed)s
FROM unnest(%(persons)s::text[]) atena_no
ON CONFLICT (business_id, atena_no) DO UPDATE SET removed = EXCLUDED.removed,
  my_number_sealed = COALESCE(NULLIF(EXCLUDED.my_number_sealed, ''), welfare_number_notice.my_number_sealed),
  version = welfare_number_notice.version + 1, state = 'waiting', attempts = 0, next_at = EXCLUDED.next_at,
  told_at = NULL, error = ''
"""


@dataclass(frozen=True, slots=True)
class NewState:
    """A state to be stored. items: field names of the 住民情報 layout; dates as ISO text."""

    event_id: str
    source: str
    atena_no: str
    valid_from: date
    place: int
    event_code: str
    items: Mapping[str, Value]


def store_states(*, using: str, states: Sequence[NewState], at: datetime, by: str) -> int:
    """Store the states that are new, in their order; gives how many. What they mean for others goes along.

    The caller's transaction, or one of its own. A state whose event is known already changes nothing.
    """
    if not states:
        return 0
    frame = _frame(states, at, by)
    with publishing(using=using, at=at):
        connection = connections[using]
        with staging(connection, frame, {**_TYPES, "ord": "integer"}) as staged, connection.cursor() as cursor:
            cursor.execute(_NEWEST)
            facts = {"before": int(cursor.fetchone()[0])}
            cursor.execute(_INSERT.format(columns=", ".join(_TYPES), staged=staged))
            added = int(cursor.rowcount)
            cursor.execute(_PROTECT, facts)
            cursor.execute(_CHANGES, facts)
            cursor.execute(_ENDED, facts)
            ended = [row[0] for row in cursor.fetchall()]
        if ended:
            tell_number(using=using, persons=ended, removed=True, at=at)
    return added


def tell_number(*, using: str, persons: Sequence[str], removed: bool, at: datetime, sealed: str = "") -> None:
    """Queue the numbers of 住登外者 for 団体内統合宛名; what waits or was told before is told anew.

    sealed: 個人番号 of the one person, a JWE that 団体内統合宛名 alone can open; what came before it stays otherwise.
    """
    with connections[using].cursor() as cursor:
        facts: dict[str, Any] = {
            "business": BUSINESS_NONRESIDENT,
            "removed": removed,
            "at": at,
            "persons": list(persons),
            "sealed": sealed,
        }
        cursor.execute(_NOTICE, facts)


def _frame(states: Sequence[NewState], at: datetime, by: str) -> pl.DataFrame:
    rows = pl.DataFrame(
        {
            "event_id": [str(UUID(s.event_id)) for s in states],
            "source": [s.source for s in states],
            "atena_no": [s.atena_no for s in states],
            "valid_from": [s.valid_from for s in states],
            "place": [s.place for s in states],
            "event_code": [s.event_code for s in states],
            "items": [_json(s.items) for s in states],
            "protection": [bool(s.items.get("protection")) for s in states],
            "name": [_text(s, "name") for s in states],
            "kana": [_text(s, "name_kana") for s in states],
            "alias": [_text(s, "alias") for s in states],
            "address": [_text(s, "address") + _text(s, "address_detail") for s in states],
            "birth_date": [_day(s.items.get("birth_date")) for s in states],
            "sex": [_text(s, "sex") for s in states],
        },
        schema_overrides={"birth_date": pl.Date, "valid_from": pl.Date, "place": pl.Int64},
    )
    return rows.with_columns(
        pl.lit(at.isoformat()).alias("recorded_at"),
        pl.lit(by).alias("recorded_by"),
        search_key_series(rows["name"]).alias("name_key"),
        pl.Series("kana_key", [kana_key(text) if text else "" for text in rows["kana"]], dtype=pl.String),
        search_key_series(rows["alias"]).alias("alias_key"),
        search_key_series(rows["address"]).alias("address_key"),
        pl.int_range(rows.height, dtype=pl.Int32).alias("ord"),
    ).select(*_TYPES, "ord")


def _json(items: Mapping[str, Value]) -> str:
    kept = {name: normalize(v) if isinstance(v, str) else v for name, v in items.items() if v is not None and v != ""}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _text(state: NewState, name: str) -> str:
    value = state.items.get(name)
    return "" if value is None else str(value)


def _day(value: Value) -> date | None:
    """The day, or None where it is not known or not readable (then the text that came stays in the items)."""
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
