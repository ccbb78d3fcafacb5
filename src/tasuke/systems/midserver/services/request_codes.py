"""符号 are asked for: each 統合宛名番号 gets a 処理通番, which goes to the 住基 gateway with the 個人番号."""

from collections.abc import Sequence
from datetime import datetime

from tasuke.contracts.unified import CodeProgress
from tasuke.systems.midserver.safe import PERSON, person_keys, seal_texts
from tasuke.systems.midserver.tenancy import Inside

_OPEN = """
SELECT person_key, processing_no, state FROM code_request
WHERE person_key = ANY(%s) AND state IN ('requested', 'acquired')
"""


def request_codes(room: Inside, *, unified_nos: Sequence[str], at: datetime) -> tuple[CodeProgress, ...]:
    """Progress of each in the order asked. Who was asked for before keeps the number; after a failure a new one."""
    keys = person_keys(room, unified_nos)
    known = {bytes(key): (number, state) for key, number, state in room.rows(_OPEN, [list(set(keys))])}
    new = {key: no for key, no in zip(keys, unified_nos, strict=True) if key not in known}
    if new:
        first = room.take("processing", len(new))
        numbers = [f"P{n:013d}" for n in range(first, first + len(new))]
        room.insert(
            "code_request",
            {
                "processing_no": ("text", numbers),
                "person_key": ("bytea", list(new)),
                "person_sealed": ("bytea", seal_texts(room, new.values(), context=PERSON)),
                "state": ("text", ["requested"] * len(new)),
                "requested_at": ("timestamptz", [at] * len(new)),
            },
        )
        known |= {key: (number, "requested") for key, number in zip(new, numbers, strict=True)}
    return tuple(
        CodeProgress(unified_no=no, processing_no=known[key][0], state=known[key][1])
        for key, no in zip(keys, unified_nos, strict=True)
    )
