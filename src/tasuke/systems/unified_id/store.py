"""Writes what `decide` found, with one statement per table and kind of change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connections

from tasuke.platform.bulk.copy import copy_in
from tasuke.systems.unified_id.decide import Decisions, Known
from tasuke.systems.unified_id.my_number import seal_at_rest
from tasuke.systems.unified_id.numbering import take_numbers

_END_NUMBERS = "UPDATE unified_id_number SET ended_at = %s WHERE person_id = ANY(%s) AND ended_at IS NULL"
# A 符号 belongs to the 個人番号 that it was got for: with another number it would be a stranger's.
_RECALL = """
UPDATE unified_id_person SET code_stale = code_stale OR linkage_state <> 'none', linkage_state = 'none',
  processing_no = '', linkage_error = '', linkage_at = %s
WHERE unified_no = ANY(%s)
"""
_FACTS = ("unified_no", "resident", "name", "birth_date", "sex", "address", "facts_of")
_NEW = {"state": "in_use", "linkage_state": "none", "processing_no": "", "linkage_error": ""}
_CHANGE_PERSONS = """
UPDATE unified_id_person p
SET resident = row.resident, name = row.name, birth_date = row.birth_date, sex = row.sex, address = row.address,
    facts_of = row.facts_of
FROM unnest(%s::text[], %s::bool[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
  AS row (no, resident, name, birth_date, sex, address, facts_of)
WHERE p.unified_no = row.no
"""
# A number that 中間サーバー has taken out needs a new 符号; one that was not told of yet goes on with what it has.
_REVIVE = """
UPDATE unified_id_person
SET state = 'in_use', ended_at = NULL,
    linkage_state = CASE WHEN told_at IS NULL THEN linkage_state ELSE 'none' END,
    processing_no = CASE WHEN told_at IS NULL THEN processing_no ELSE '' END,
    linkage_error = '', told_at = NULL
WHERE unified_no = ANY(%s) AND state = 'removed'
"""
_UNLINK = """
UPDATE unified_id_business_number l SET unlinked_at = %s
FROM unnest(%s::text[], %s::text[]) AS row (business_id, atena_no)
WHERE l.business_id = row.business_id AND l.atena_no = row.atena_no AND l.unlinked_at IS NULL
"""
_REMOVE = """
UPDATE unified_id_person p SET state = 'removed', ended_at = %s
WHERE p.unified_no = ANY(%s) AND p.state = 'in_use'
  AND NOT EXISTS (SELECT FROM unified_id_business_number l WHERE l.person_id = p.unified_no AND l.unlinked_at IS NULL)
"""


def store(found: Decisions, *, using: str, at: datetime) -> None:
    """Write everything, in the caller's transaction."""
    # in the order of the keyed index, which is that of nothing: the serial does not tell the order of 個人番号 or rows
    order = sorted(found.new, key=lambda no: found.new[no][0].index or b"")
    given = dict(zip(order, take_numbers(len(order), using=using), strict=True))
    with connections[using].cursor() as cursor:
        _numbers(cursor, found, given, at, using)
        if found.changed:
            cursor.execute(_CHANGE_PERSONS, _columns(list(found.changed.items())))
        if found.revived:
            cursor.execute(_REVIVE, [sorted(found.revived)])
        if found.unlinks:
            cursor.execute(_UNLINK, [at, *_pair(list(found.unlinks))])
        if found.links:
            people = [given.get(no, no) for no in found.links.values()]
            columns = ("business_id", "atena_no")
            links = dict(zip(columns, _pair(list(found.links)), strict=True))
            _copy(using, "unified_id_business_number", {"person_id": people, **links}, linked_at=at.isoformat())
        left = {*found.unlinks.values(), *(set(order) - set(found.links.values()))}
        if left:
            cursor.execute(_REMOVE, [at, sorted(given.get(no, no) for no in left)])


def _numbers(cursor: Any, found: Decisions, given: dict[str, str], at: datetime, using: str) -> None:
    """Numbers that ended go first: a 個人番号 in force belongs to one person."""
    changed = sorted({*found.numbers, *found.ended})
    if changed:
        cursor.execute(_END_NUMBERS, [at, changed])
        cursor.execute(_RECALL, [at, changed])
    if given:
        facts = _columns([(given[no], person) for no, (person, _) in found.new.items()])
        columns = dict(zip(_FACTS, facts, strict=True))
        _copy(using, "unified_id_person", columns, issued_at=at.isoformat(), **_NEW)
    rows = [(given[no], number, person.index, person.facts_of) for no, (person, number) in found.new.items()]
    rows += [(no, number, index, business) for no, (index, number, business) in found.numbers.items()]
    if rows:
        sealed = seal_at_rest([number for _, number, _, _ in rows])
        numbers: dict[str, list[Any]] = {
            "person_id": [person for person, _, _, _ in rows],
            "sealed": [f"\\x{blob.hex()}" for blob in sealed],
            "keyed_index": [None if index is None else f"\\x{index.hex()}" for _, _, index, _ in rows],
            "business_id": [business for _, _, _, business in rows],
        }
        _copy(using, "unified_id_number", numbers, since=at.isoformat())


def _copy(using: str, table: str, columns: Mapping[str, list[Any]], **same: str) -> None:
    """Append rows by COPY: long arrays cost more to write down than to store. same: what stands in each row."""
    frame = pl.DataFrame(dict(columns)).with_columns(**{name: pl.lit(value) for name, value in same.items()})
    copy_in(connections[using], table, frame)


def _columns(rows: list[tuple[str, Known]]) -> list[list[Any]]:
    return [
        [no for no, _ in rows],
        [p.resident for _, p in rows],
        [p.facts.name for _, p in rows],
        [p.facts.birth_date for _, p in rows],
        [p.facts.sex for _, p in rows],
        [p.facts.address for _, p in rows],
        [p.facts_of for _, p in rows],
    ]


def _pair(links: list[tuple[str, str]]) -> list[list[str]]:
    return [[business for business, _ in links], [atena_no for _, atena_no in links]]
