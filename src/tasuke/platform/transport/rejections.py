"""What was turned away at the door is on record: counted by day, caller, operation and reason.

Counted, since anybody who reaches the port may knock: the table grows by what we know, not by what is thrown at us.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connections

from tasuke.contracts.kit import ContractError, Refused
from tasuke.platform.transport.models import Rejection

_ZONE = ZoneInfo("Asia/Tokyo")
_NOTE = """
INSERT INTO transport_rejection (day, client_id, system, body, operation, code, count, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (day, client_id, operation, code)
DO UPDATE SET count = transport_rejection.count + 1, last_at = greatest(transport_rejection.last_at, excluded.last_at)
"""
_WORDS = {
    "unknown-client": "登録のない相手、または期限の切れた・失効した相手",
    "signature": "署名が登録された秘密と合わない",
    "audience": "ほかのシステムに宛てた証明",
    "expired": "証明の有効な時間の外",
    "replayed": "一度使われた証明の再送",
    "token": "トークンがない、または無効",
    "scope": "許可されていない操作",
    "not-offered": "提供していない操作",
    "key-missing": "書き込みに要る鍵(Idempotency-Key)がない",
    "key-reused": "同じ鍵が別の内容に使われた",
    "key-old": "返答の保管期限を過ぎた要求の再送",
    "form": "要求の形が約束と違う",
}


class TurnedAway(Refused):
    """Refused by the transport itself, before or instead of the provider's own work. code: for the record."""

    def __init__(self, code: str, title: str, errors: tuple[ContractError, ...] = (), *, status: int) -> None:
        super().__init__(title, errors, status=status)
        self.code = code


@dataclass(frozen=True, slots=True)
class Knocking:
    """Who knocked, as far as we know ourselves: never what a stranger only claims to be."""

    client_id: str = ""
    system: str = ""
    body: str = ""


def note_rejection(*, using: str, who: Knocking, operation: str, code: str, at: datetime) -> None:
    """Count one, in a transaction of its own. operation: one that exists, or empty; code: one of ours."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            _NOTE,
            [at.astimezone(_ZONE).date(), who.client_id, who.system, who.body, operation[:100], code[:30], at, at],
        )


def rejections(*, using: str, before: int | None, limit: int) -> Sequence[Rejection]:
    """Calls that were turned away, newest first, older than an id."""
    rows = Rejection.objects.using(using).order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def name_reasons(words: Mapping[str, str]) -> None:
    """A room says in Japanese what its own codes of refusal mean (once, where it offers its operations)."""
    _WORDS.update(words)


def words_of(code: str) -> str:
    """The reason in Japanese; a code of a later version stands as it is."""
    return _WORDS.get(code, code)
