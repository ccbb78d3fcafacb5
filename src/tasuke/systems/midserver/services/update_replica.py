"""副本の更新: newer versions replace older ones; an older one is refused, the same one changes nothing."""

from collections.abc import Sequence
from datetime import date, datetime

from tasuke.contracts.interface import MidAccepted, ReplicaRow
from tasuke.contracts.unified import RowError
from tasuke.systems.midserver.replicas import FIRST_DAY, LAST_DAY
from tasuke.systems.midserver.safe import REPLICA, person_keys, seal_values
from tasuke.systems.midserver.tenancy import Inside

Key = tuple[bytes, str, int, date]
_STORED = """
SELECT r.person_key, r.information_code, r.year, r.valid_from, r.version
FROM replica r JOIN unnest(%s::bytea[], %s::text[], %s::integer[], %s::date[])
    AS n (person_key, information_code, year, valid_from)
    USING (person_key, information_code, year, valid_from)
ORDER BY 1, 2, 3, 4 FOR UPDATE OF r
"""
_NEWER = """
ON CONFLICT (person_key, information_code, year, valid_from) DO UPDATE SET version = excluded.version,
    published = excluded.published, sealed = excluded.sealed, valid_to = excluded.valid_to,
    updated_at = excluded.updated_at
WHERE replica.version < excluded.version
"""


def update_replica(
    room: Inside, *, rows: Sequence[ReplicaRow], known_information: frozenset[str], at: datetime
) -> tuple[MidAccepted, list[bytes]]:
    """Reply, and the persons whose replica changed. delete means 公開終了: the row stays, and answers nobody.

    E0004: an older version than stored, or a period that ends before it begins; E0102: information that nobody may ask
    for. Of several rows about the same thing in one call the highest version counts.
    """
    keys = person_keys(room, [row.unified_no for row in rows])
    places: list[Key] = [
        (key, row.information_code, row.year or 0, row.valid_from or FIRST_DAY)
        for key, row in zip(keys, rows, strict=True)
    ]
    stored: dict[Key, int] = {}
    if places:
        for person, information, year, start, version in room.rows(
            _STORED, [list(c) for c in zip(*places, strict=True)]
        ):
            stored[bytes(person), information, year, start] = version
    chosen: dict[Key, int] = {}
    errors, known = [], 0
    for number, (place, row) in enumerate(zip(places, rows, strict=True)):
        code, why = _wrong(row, stored.get(place, 0), known_information)
        if why:
            errors.append(RowError(row=number + 1, code=code, message=why))
        elif row.version == stored.get(place):
            known += 1
        else:
            stored[place], chosen[place] = row.version, number
    numbers = list(chosen.values())
    _store(room, [rows[n] for n in numbers], [places[n] for n in numbers], at)
    reply = MidAccepted(accepted=len(rows) - known - len(errors), known=known, errors=tuple(errors))
    return reply, [keys[n] for n in numbers]


def _wrong(row: ReplicaRow, version: int, known_information: frozenset[str]) -> tuple[str, str]:
    if row.information_code not in known_information:
        return "E0102", "配信マスターにない特定個人情報名コードです"
    if row.valid_from and row.valid_to and row.valid_from >= row.valid_to:
        return "E0004", "期間の終わりが始まりより後ではありません"
    if row.version < version:
        return "E0004", f"新しい版({version})が登録されています"
    return "", ""


def _store(room: Inside, rows: Sequence[ReplicaRow], places: Sequence[Key], at: datetime) -> None:
    if not rows:
        return
    contents = [[] if row.delete else row.records for row in rows]
    room.insert(
        "replica",
        {
            "person_key": ("bytea", [place[0] for place in places]),
            "information_code": ("text", [place[1] for place in places]),
            "year": ("integer", [place[2] for place in places]),
            "valid_from": ("date", [place[3] for place in places]),
            "valid_to": ("date", [row.valid_to or LAST_DAY for row in rows]),
            "version": ("integer", [row.version for row in rows]),
            "published": ("boolean", [not row.delete for row in rows]),
            "sealed": ("bytea", seal_values(room, contents, context=REPLICA)),
            "updated_at": ("timestamptz", [at] * len(rows)),
        },
        rest=_NEWER,
    )
