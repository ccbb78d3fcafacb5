"""照会の登録: single or in bulk, each record id once for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasuke.contracts.interface import MidAccepted, MidInquiry
from tasuke.contracts.unified import RowError
from tasuke.systems.midserver.master import PermissionList
from tasuke.systems.midserver.safe import INQUIRY, person_keys, seal_values
from tasuke.systems.midserver.tenancy import Inside

_DIGEST = "midserver.inquiry-content"
_CODES = """
SELECT person_key FROM linkage_code WHERE person_key = ANY(%s)
UNION SELECT person_key FROM code_request WHERE person_key = ANY(%s) AND state = 'requested'
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """What to reply, and whom the new ones concern."""

    reply: MidAccepted
    persons: list[bytes]


def register_inquiries(
    room: Inside, *, items: Sequence[MidInquiry], permissions: PermissionList, at: datetime
) -> Registered:
    """Take good rows, name bad ones (1-based), count those that were taken before.

    E0004: a record id twice with other contents, or a period that ends before it begins; E0101: no 符号 and none on
    its way; E0102: not on the permission list.
    """
    errors: list[RowError] = []
    keys = person_keys(room, [item.unified_no for item in items])
    digests = room.vault.index_many([item.model_dump_json() for item in items], context=_DIGEST)
    coded = {bytes(row[0]) for row in room.rows(_CODES, [keys, keys])}
    there = {
        record_id: bytes(digest)
        for record_id, digest in room.rows(
            "SELECT record_id, digest FROM inquiry WHERE record_id = ANY(%s)", [[i.record_id for i in items]]
        )
    }
    known = 0
    new: list[int] = []
    for number, item in enumerate(items):
        seen = there.get(item.record_id)
        if seen == digests[number]:
            known += 1
            continue
        code, why = _wrong(item, seen, keys[number] in coded, permissions, room.body, at)
        if why:
            errors.append(RowError(row=number + 1, code=code, message=why))
            continue
        there[item.record_id] = digests[number]
        new.append(number)
    _insert(room, [items[n] for n in new], [keys[n] for n in new], [digests[n] for n in new], at)
    reply = MidAccepted(accepted=len(new), known=known, errors=tuple(errors))
    return Registered(reply, [keys[n] for n in new])


def _wrong(
    item: MidInquiry, seen: bytes | None, coded: bool, permissions: PermissionList, body: str, at: datetime
) -> tuple[str, str]:
    if seen is not None:
        return "E0004", "レコード識別番号が別の内容で登録されています"
    if item.valid_from and item.valid_to and item.valid_from >= item.valid_to:
        return "E0004", "期間の終わりが始まりより後ではありません"
    why = permissions.why_not(
        requester=body,
        provider=item.provider,
        procedure=item.procedure_code,
        information=item.information_code,
        year=item.year,
        at=at,
    )
    if why:
        return "E0102", why
    return ("", "") if coded else ("E0101", "符号を取得していません")


def _insert(
    room: Inside, items: Sequence[MidInquiry], keys: Sequence[bytes], digests: Sequence[bytes], at: datetime
) -> None:
    if not items:
        return
    facts = [
        {
            "person": item.unified_no,
            "from": item.valid_from.isoformat() if item.valid_from else None,
            "to": item.valid_to.isoformat() if item.valid_to else None,
            "department": item.department,
            "by": item.personal_id,
        }
        for item in items
    ]
    room.insert(
        "inquiry",
        {
            "record_id": ("text", [item.record_id for item in items]),
            "digest": ("bytea", digests),
            "person_key": ("bytea", keys),
            "sealed": ("bytea", seal_values(room, facts, context=INQUIRY)),
            "procedure_code": ("text", [item.procedure_code for item in items]),
            "information_code": ("text", [item.information_code for item in items]),
            "provider": ("text", [item.provider for item in items]),
            "year": ("integer", [item.year for item in items]),
            "undisclosed": ("boolean", [item.undisclosed for item in items]),
            "registered_at": ("timestamptz", [at] * len(items)),
        },
    )
