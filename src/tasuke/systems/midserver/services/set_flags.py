"""Set and lift 自動応答不可 and 不開示該当; who did it and why stays on record."""

from collections.abc import Sequence
from datetime import datetime

from tasuke.contracts.interface import Flag, MidAccepted
from tasuke.systems.midserver.flags import Kind
from tasuke.systems.midserver.safe import FLAG, person_keys, seal_values
from tasuke.systems.midserver.tenancy import Inside


def set_flags(
    room: Inside, *, kind: Kind, flags: Sequence[Flag], by: str, at: datetime
) -> tuple[MidAccepted, list[bytes]]:
    """Reply, and the persons concerned. A flag that is set already, or lifted already, is counted as known.

    Of several rows about the same thing in one call the last counts.
    """
    keys = person_keys(room, [flag.unified_no for flag in flags])
    wanted = {(key, flag.information_code or ""): flag for key, flag in zip(keys, flags, strict=True)}
    held = {
        (bytes(person), information)
        for person, information in room.rows(
            "SELECT person_key, information_code FROM flag"
            " WHERE lifted_at IS NULL AND kind = %s AND person_key = ANY(%s) FOR UPDATE",
            [kind, keys],
        )
    }
    on = {place: flag for place, flag in wanted.items() if flag.on and place not in held}
    off = {place: flag for place, flag in wanted.items() if not flag.on and place in held}
    _set(room, kind, on, by, at)
    _lift(room, kind, off, by, at)
    changed = len(on) + len(off)
    return MidAccepted(accepted=changed, known=len(flags) - changed), [place[0] for place in (*on, *off)]


def _set(room: Inside, kind: Kind, on: dict[tuple[bytes, str], Flag], by: str, at: datetime) -> None:
    if on:
        room.insert(
            "flag",
            {
                "kind": ("text", [kind] * len(on)),
                "person_key": ("bytea", [place[0] for place in on]),
                "information_code": ("text", [place[1] for place in on]),
                "sealed": ("bytea", seal_values(room, [[f.unified_no, f.reason] for f in on.values()], context=FLAG)),
                "set_at": ("timestamptz", [at] * len(on)),
                "set_by": ("text", [by] * len(on)),
            },
            rest="ON CONFLICT (person_key, kind, information_code) WHERE lifted_at IS NULL DO NOTHING",
        )


def _lift(room: Inside, kind: Kind, off: dict[tuple[bytes, str], Flag], by: str, at: datetime) -> None:
    if off:
        reasons = seal_values(room, [[f.unified_no, f.reason] for f in off.values()], context=FLAG)
        room.cursor.execute(
            """
            UPDATE flag SET lifted_at = %s, lifted_by = %s, lifted_sealed = n.sealed
            FROM unnest(%s::bytea[], %s::text[], %s::bytea[]) AS n (person_key, information_code, sealed)
            WHERE flag.person_key = n.person_key AND flag.information_code = n.information_code
                AND flag.kind = %s AND flag.lifted_at IS NULL
            """,
            [at, by, [p for p, _ in off], [i for _, i in off], reasons, kind],
        )
