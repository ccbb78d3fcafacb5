"""What this city provides: flags first, then 副本 of households, both by 統合宛名番号 (GW-5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tasuke.contracts.interface import (
    SET_MANUAL,
    SET_UNDISCLOSED,
    UPDATE_REPLICA,
    Flag,
    Flags,
    ReplicaRow,
    ReplicaUpdate,
)
from tasuke.contracts.unified import RowError
from tasuke.systems.gateway import links, tables
from tasuke.systems.gateway.models import MasterRow, PersonFlag, Provision
from tasuke.systems.gateway.policy import policy

USING = "gateway"
RESIDENT_BUSINESS = "001"
_UNKNOWN = "統合宛名に登録されていません"
_NOT_ASKED = "配信マスターに、この情報を照会できる組合せがありません"
_CLOSED = Q(sent_version=F("version"))
_RETRY_AFTER = timedelta(
    minutes=10
)  # nobody asks about who is not registered yet; all of them at each turn are too many
_NOTE_SENT = """
UPDATE gateway_provision p SET sent_version = n.sent_version, error = n.error,
    retry_at = CASE WHEN n.error <> '' THEN %s::timestamptz END
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS n (atena_no, sent_version, error) WHERE p.atena_no = n.atena_no
"""


def send_flags(at: datetime, limit: int) -> dict[str, int]:
    """Set and lift 自動応答不可 and 不開示該当 at 中間サーバー. Raises Unreachable, Refused."""
    counts = {"flags": 0, "flags_failed": 0}
    after = ""
    while True:
        with transaction.atomic(using=USING):
            rows = list(
                PersonFlag.objects.using(USING)
                .select_for_update(skip_locked=True)
                .filter(~_CLOSED, atena_no__gt=after)
                .order_by("atena_no")[: min(limit, links.MOST)]
            )
            if not rows:
                return counts
            after = rows[-1].atena_no
            _send_flags(rows, counts)


def _send_flags(rows: Sequence[PersonFlag], counts: dict[str, int]) -> None:
    known = _numbers([row.atena_no for row in rows])
    listed = [row for row in rows if known.get(row.atena_no)]
    for row in rows:
        row.error = "" if row in listed else _UNKNOWN
    if listed:
        request = Flags(flags=tuple(Flag(unified_no=known[r.atena_no], on=r.on, reason=r.reason) for r in listed))
        salt = f"flags {[row.version for row in listed]}"
        for operation in (SET_MANUAL, SET_UNDISCLOSED):
            _note(listed, links.tell(operation, request, salt=salt).errors)
    for row in listed:
        row.sent_version = row.sent_version if row.error else row.version
    PersonFlag.objects.using(USING).bulk_update(rows, ["sent_version", "error"], batch_size=1_000)
    failed = sum(bool(row.error) for row in rows)
    counts["flags"] += len(rows) - failed
    counts["flags_failed"] += failed


def send_households(at: datetime, limit: int) -> dict[str, int]:
    """Send 副本 that changed. Nobody whose flags are not set yet is sent. Raises Unreachable, Refused.

    While the master names nobody who may ask for it, 中間サーバー takes no such 副本: everything waits here.
    """
    counts = {"replicas": 0, "replicas_failed": 0}
    code = tables.provided()["household"].information_code
    if not MasterRow.objects.using(USING).filter(information_code=code, provider_kind=policy().kind).exists():
        waiting = _due(at)
        return counts | {"replicas_failed": waiting.update(error=_NOT_ASKED, retry_at=at + _RETRY_AFTER)}
    unset = PersonFlag.objects.using(USING).filter(~_CLOSED, atena_no=OuterRef("atena_no"))
    after = ""
    while True:
        with transaction.atomic(using=USING):
            waiting = _due(at).select_for_update(skip_locked=True).filter(~Exists(unset), atena_no__gt=after)
            rows = list(waiting.order_by("atena_no")[: min(limit, links.MOST)])
            if not rows:
                return counts
            after = rows[-1].atena_no
            _send_households(rows, code, counts, at)


def _due(at: datetime) -> QuerySet[Provision]:
    """副本 that changed, without those that could not be sent a while ago."""
    return Provision.objects.using(USING).filter(~_CLOSED, Q(retry_at__isnull=True) | Q(retry_at__lte=at))


def _send_households(rows: Sequence[Provision], code: str, counts: dict[str, int], at: datetime) -> None:
    known = _numbers([row.atena_no for row in rows])
    listed = [row for row in rows if known.get(row.atena_no)]
    for row in rows:
        row.error = "" if row in listed else _UNKNOWN
    if listed:
        update = ReplicaUpdate(
            rows=tuple(
                ReplicaRow(
                    unified_no=known[row.atena_no],
                    information_code=code,
                    version=row.version,
                    records=tuple(row.records),
                    delete=row.deleted,
                )
                for row in listed
            )
        )
        _note(listed, links.tell(UPDATE_REPLICA, update).errors)
    for row in listed:
        row.sent_version = row.sent_version if row.error else row.version
    with connections[USING].cursor() as cursor:
        sent: list[list[Any]] = [
            [row.atena_no for row in rows],
            [row.sent_version for row in rows],
            [row.error for row in rows],
        ]
        cursor.execute(_NOTE_SENT, [at + _RETRY_AFTER, *sent])
    failed = sum(bool(row.error) for row in rows)
    counts["replicas"] += len(rows) - failed
    counts["replicas_failed"] += failed


def _note(rows: Sequence[PersonFlag] | Sequence[Provision], errors: Sequence[RowError]) -> None:
    for error in errors:
        rows[error.row - 1].error = f"{error.code} {error.message}"[:300]


def _numbers(atena_nos: Sequence[str]) -> dict[str, str]:
    found = links.to_unified(RESIDENT_BUSINESS, atena_nos).numbers
    return {atena_no: no for atena_no, no in zip(atena_nos, found, strict=True) if no is not None}
