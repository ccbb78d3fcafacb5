"""New keys for 個人番号: a data key at rest, a sealing key on the wire, and what lies under old data keys sealed anew.

The keyed index keeps its key: with another one nobody would be found until every row had been read.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connections, transaction

from tasuke.platform.audit import EventKind, Origin, Recorder
from tasuke.systems.unified_id.my_number import keypair, open_at_rest, seal_at_rest, vault

_AT_ONCE = 5_000
# bytes 2-5 of a blob name its data key (platform/crypto/vault); rows are taken in the order of their ids
_OLD = """
SELECT id, sealed FROM unified_id_number WHERE id > %s AND substring(sealed from 2 for 4) <> %s
ORDER BY id LIMIT %s FOR UPDATE
"""
_ANEW = """
UPDATE unified_id_number n SET sealed = row.sealed FROM unnest(%s::bigint[], %s::bytea[]) AS row (id, sealed)
WHERE n.id = row.id
"""


@dataclass(frozen=True, slots=True)
class Rotated:
    """data_key: number of the new one; sealing_kid: under which others seal from now on; resealed: rows."""

    data_key: int
    sealing_kid: str
    resealed: int


def rotate_keys(*, using: str, by: str, why: str, at: datetime) -> Rotated:
    """Make new keys and seal all rows anew, page by page; killed in the middle, `reseal` goes on. On record.

    Old keys still open what is on its way, sealed before the rotation.
    """
    data_key, sealing_kid = vault().rotate(), keypair().rotate()
    recorder = Recorder(Origin(personal_id=by, at=at, action="keys", screen="tasuke keys"))
    recorder.event(EventKind.SETTING_CHANGED, "個人番号の鍵の更新", why=why, data_key=data_key, sealing=sealing_kid)
    recorder.flush(using)
    return Rotated(data_key, sealing_kid, reseal(using=using, data_key=data_key))


def reseal(*, using: str, data_key: int) -> int:
    """Seal under the newest data key (of this number) what lies under others; gives how many rows."""
    done, after = 0, 0
    head = data_key.to_bytes(4, "big")
    while True:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(_OLD, [after, head, _AT_ONCE])
            rows = cursor.fetchall()
            if not rows:
                return done
            sealed = seal_at_rest(open_at_rest(bytes(blob) for _, blob in rows))
            cursor.execute(_ANEW, [[pk for pk, _ in rows], sealed])
        after = rows[-1][0]
        done += len(rows)
