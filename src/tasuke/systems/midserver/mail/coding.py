"""符号 arrive, and go when a person leaves. They are told to nobody but core."""

from datetime import datetime

from tasuke.contracts.mediation import CodesIssued, CodesRemoved
from tasuke.systems.midserver.mail.outbox import post
from tasuke.systems.midserver.safe import CODE, PERSON, code_keys, open_texts, person_keys, seal_texts
from tasuke.systems.midserver.tenancy import Inside

_TWICE = "同じ符号が別の統合宛名番号にあります(同一人の二重付番の疑い)"


def store_codes(room: Inside, letter: CodesIssued, *, at: datetime) -> dict[str, int]:
    """Codes of 処理通番 that we asked for. A code for a request that was taken back is given back to core."""
    asked = {
        number: (key, sealed, state)
        for number, key, sealed, state in room.rows(
            "SELECT processing_no, person_key, person_sealed, state FROM code_request WHERE processing_no = ANY(%s)"
            " FOR UPDATE",
            [[item.processing_no for item in letter.items]],
        )
    }
    good = [i for i in letter.items if i.code and asked.get(i.processing_no, ("", "", ""))[2] == "requested"]
    failed = {
        i.processing_no: i.error or "符号を取得できませんでした"
        for i in letter.items
        if not i.code and asked.get(i.processing_no, ("", "", ""))[2] == "requested"
    }
    taken = _insert(room, [(i.processing_no, i.code or "", *asked[i.processing_no][:2]) for i in good], at)
    failed |= {i.processing_no: _TWICE for i in good if i.processing_no not in taken}
    _settle(room, "acquired", dict.fromkeys(taken, ""), at)
    _settle(room, "failed", failed, at)
    unwanted = [
        i.code for i in letter.items if i.code and asked.get(i.processing_no, ("", "", "removed"))[2] == "removed"
    ]
    if unwanted:
        post(room, CodesRemoved(codes=tuple(unwanted)), at=at)
    return {"codes_acquired": len(taken), "codes_failed": len(failed)}


def remove_codes(room: Inside, unified_nos: list[str], *, at: datetime) -> dict[str, int]:
    """These persons left: their 符号 go, core is told, requests under way are taken back; records stay."""
    keys = person_keys(room, unified_nos)
    gone = room.rows("DELETE FROM linkage_code WHERE person_key = ANY(%s) RETURNING code_sealed", [keys])
    room.cursor.execute(
        "UPDATE code_request SET state = 'removed', settled_at = %s"
        " WHERE person_key = ANY(%s) AND state IN ('requested', 'acquired')",
        [at, keys],
    )
    codes = open_texts(room, [row[0] for row in gone], context=CODE)
    if codes:
        post(room, CodesRemoved(codes=tuple(codes)), at=at)
    return {"codes_removed": len(codes)}


def _insert(room: Inside, rows: list[tuple[str, str, bytes, bytes]], at: datetime) -> set[str]:
    """Processing numbers whose code was new. rows: processing number, code, person's key, person sealed."""
    codes = [row[1] for row in rows]
    people = open_texts(room, [row[3] for row in rows], context=PERSON)
    inserted = room.rows(
        """
        INSERT INTO linkage_code (person_key, person_sealed, code_key, code_sealed, processing_no, acquired_at)
        SELECT n.*, %s FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s::text[]) AS n
        ON CONFLICT DO NOTHING RETURNING processing_no
        """,
        [
            at,
            [row[2] for row in rows],
            seal_texts(room, people, context=PERSON),
            code_keys(room, codes),
            seal_texts(room, codes, context=CODE),
            [row[0] for row in rows],
        ],
    )
    return {row[0] for row in inserted}


def _settle(room: Inside, state: str, errors: dict[str, str], at: datetime) -> None:
    room.cursor.execute(
        """
        UPDATE code_request SET state = %s, error = n.error, settled_at = %s
        FROM unnest(%s::text[], %s::text[]) AS n (number, error) WHERE processing_no = n.number
        """,
        [state, at, list(errors), list(errors.values())],
    )
