"""副本 as they are asked for: by person and information, for a year or a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tasuke.contracts.interface import Record
from tasuke.systems.midserver.safe import REPLICA, open_values
from tasuke.systems.midserver.tenancy import Inside

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)  # open ends, as the table keeps them
_FIND = """
SELECT n.number, r.sealed
FROM unnest(%s::integer[], %s::bytea[], %s::text[], %s::integer[], %s::date[], %s::date[])
    AS n (number, person_key, information_code, year, valid_from, valid_to)
JOIN replica r ON r.person_key = n.person_key AND r.information_code = n.information_code AND r.published
    AND (n.year IS NULL OR r.year = n.year)
    AND r.valid_from < n.valid_to AND n.valid_from < r.valid_to
ORDER BY n.number, r.year, r.valid_from
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question. year None: all years; days None: no limit, end-exclusive."""

    person: bytes
    information: str
    year: int | None
    valid_from: date | None
    valid_to: date | None


def find_replicas(room: Inside, wanted: Sequence[Wanted]) -> list[tuple[Record, ...]]:
    """Records of each question in order, the oldest first; empty: we hold nothing."""
    if not wanted:
        return []
    rows = room.rows(
        _FIND,
        [
            list(range(len(wanted))),
            [w.person for w in wanted],
            [w.information for w in wanted],
            [w.year for w in wanted],
            [w.valid_from or FIRST_DAY for w in wanted],
            [w.valid_to or LAST_DAY for w in wanted],
        ],
    )
    opened = open_values(room, [row[1] for row in rows], context=REPLICA)
    found: list[list[Record]] = [[] for _ in wanted]
    for (number, _), records in zip(rows, opened, strict=True):
        found[number] += records
    return [tuple(records) for records in found]
