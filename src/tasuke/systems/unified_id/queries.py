"""Questions to the tables, each one statement for any number of rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connections
from django.db.models import Exists, OuterRef

from tasuke.systems.unified_id.decide import Facts, Known, Link
from tasuke.systems.unified_id.models import LinkageState, MyNumberPermit, NumberRow, Person, PersonState

_LINKS = """
SELECT business_id, atena_no, person_id FROM unified_id_business_number
WHERE atena_no = ANY(%s) AND unlinked_at IS NULL
"""
_LINKS_OF_PERSONS = """
SELECT business_id, atena_no, person_id FROM unified_id_business_number
WHERE person_id = ANY(%s) AND unlinked_at IS NULL
"""
_PERSONS = """
SELECT p.unified_no, p.name, p.birth_date, p.sex, p.address, p.facts_of, p.resident, n.keyed_index, p.state = 'removed'
FROM unified_id_person p LEFT JOIN unified_id_number n ON n.person_id = p.unified_no AND n.ended_at IS NULL
WHERE p.unified_no = ANY(%s)
"""
_HOLDERS = """
SELECT keyed_index, person_id, ended_at IS NULL FROM unified_id_number WHERE keyed_index = ANY(%s::bytea[])
"""
# A merged number still answers: what was asked under it belongs to the person who stands for it now.
_TO_ATENA = """
WITH RECURSIVE asked (unified_no, place) AS (
  SELECT a.unified_no, a.place FROM unnest(%s::text[]) WITH ORDINALITY AS a (unified_no, place)
  UNION
  SELECT p.merged_into_id, asked.place FROM asked JOIN unified_id_person p ON p.unified_no = asked.unified_no
  WHERE p.merged_into_id IS NOT NULL
)
SELECT DISTINCT ON (asked.place) asked.place, l.atena_no
FROM asked
JOIN unified_id_person p ON p.unified_no = asked.unified_no AND p.merged_into_id IS NULL
JOIN unified_id_business_number l ON l.person_id = p.unified_no
WHERE l.business_id = %s AND l.unlinked_at IS NULL
ORDER BY asked.place, l.linked_at DESC, l.id DESC
"""
_TO_UNIFIED = """
SELECT asked.place, p.unified_no, p.linkage_state
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (atena_no, place)
JOIN unified_id_business_number l
  ON l.atena_no = asked.atena_no AND l.business_id = %s AND l.unlinked_at IS NULL
JOIN unified_id_person p ON p.unified_no = l.person_id
"""


def links_of(atena_nos: Iterable[str], *, using: str) -> dict[Link, str]:
    """Live links of these 宛名番号, of whatever business: (業務ID, 宛名番号) → 統合宛名番号."""
    rows = _rows(using, _LINKS, [sorted(set(atena_nos))])
    return {(business, atena_no): person for business, atena_no, person in rows}


def links_of_persons(unified_nos: Iterable[str], *, using: str) -> dict[Link, str]:
    """Live links of these persons: (業務ID, 宛名番号) → 統合宛名番号."""
    rows = _rows(using, _LINKS_OF_PERSONS, [sorted(set(unified_nos))])
    return {(business, atena_no): person for business, atena_no, person in rows}


def persons_of(unified_nos: Iterable[str], *, using: str) -> list[Known]:
    """Persons by number."""
    wanted = sorted(set(unified_nos))
    found = _rows(using, _PERSONS, [wanted]) if wanted else []
    return [
        Known(no, Facts(name, birth, sex, address), facts_of, resident, None if i is None else bytes(i), removed)
        for no, name, birth, sex, address, facts_of, resident, i, removed in found
    ]


def holders_of(indexes: Iterable[bytes], *, using: str) -> tuple[set[str], set[bytes]]:
    """Persons who own a 個人番号 with one of these indexes, and those indexes that were somebody's and are nobody's."""
    wanted = set(indexes)
    if not wanted:
        return set(), set()
    # one text: the driver takes longer to write down an array of so many values than the server to look them up
    listed = ",".join(f'"\\\\x{index.hex()}"' for index in sorted(wanted))
    found = [(bytes(index), person, now) for index, person, now in _rows(using, _HOLDERS, [f"{{{listed}}}"])]
    owned = {index for index, _, now in found if now}
    return {person for _, person, now in found if now}, {index for index, _, _ in found} - owned


def to_unified(business_id: str, atena_nos: Sequence[str], *, using: str) -> list[tuple[str, str] | None]:
    """統合宛名番号 and state of 符号 of each, in the order asked; None: not known to this business."""
    rows = _rows(using, _TO_UNIFIED, [list(atena_nos), business_id])
    found: Mapping[int, tuple[str, str]] = {place: (no, state) for place, no, state in rows}
    return [found.get(place) for place in range(1, len(atena_nos) + 1)]


def to_atena(business_id: str, unified_nos: Sequence[str], *, using: str) -> list[str | None]:
    """宛名番号 of the business for each, in the order asked: the newest, when a person has several."""
    found = dict(_rows(using, _TO_ATENA, [list(unified_nos), business_id]))
    return [found.get(place) for place in range(1, len(unified_nos) + 1)]


def pending_codes(limit: int, *, using: str) -> list[str]:
    """統合宛名番号 that need a 符号 and were not asked for yet, in the order of the number.

    Not those without a 個人番号, and not those whose old 符号 still stands at 中間サーバー: it goes first.
    """
    with_number = NumberRow.objects.using(using).filter(person=OuterRef("pk"), ended_at__isnull=True)
    rows = Person.objects.using(using).filter(
        Exists(with_number), state=PersonState.IN_USE, linkage_state=LinkageState.NONE, code_stale=False
    )
    return list(rows.order_by("unified_no").values_list("unified_no", flat=True)[:limit])


def ended_untold(limit: int, *, using: str) -> list[str]:
    """What 中間サーバー is to take out: numbers out of use that it has not been told of, the oldest first, and those
    whose 符号 was got for a 個人番号 that is the person's no more."""
    people = Person.objects.using(using)
    ended = people.filter(ended_at__isnull=False, told_at__isnull=True).order_by("ended_at", "unified_no")
    stale = people.filter(code_stale=True).order_by("unified_no")
    found = [*ended.values_list("unified_no", flat=True)[:limit], *stale.values_list("unified_no", flat=True)[:limit]]
    return list(dict.fromkeys(found))[:limit]


def permits_in_force(*, using: str, personal_id: str, on: date) -> list[MyNumberPermit]:
    """For which businesses this person may see a 個人番号 on a day: approved ones only."""
    rows = MyNumberPermit.objects.using(using).filter(
        personal_id=personal_id, valid__contains=on, approved_at__isnull=False
    )
    return list(rows.order_by("business_id"))


def _rows(using: str, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
