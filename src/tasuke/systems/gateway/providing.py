"""What this city provides: flags first, then 副本 of households, both by 統合宛名番号 (GW-5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

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
_Row = TypeVar("_Row", PersonFlag, Provision)
_CLOSED = Q(sent_version=F("version"))
PAGES = 10  # of each kind in one turn: a full file of a city must not keep inquiries waiting
# Nobody asks about who is not registered yet, and all of them at each turn are too many: the wait of 副本 doubles with
# the time that has passed since the change. Flags protect somebody, and are few.
_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=1)
_WAIT_FLAG = timedelta(minutes=1)
_NOTE_SENT = """
UPDATE {table} p SET sent_version = n.sent_version, error = n.error,
    retry_at = CASE WHEN n.error <> ''
        THEN %(at)s::timestamptz + least(greatest(%(at)s::timestamptz - p.changed_at, %(wait)s), %(longest)s) END
FROM unnest(%(atena_no)s::text[], %(sent)s::bigint[], %(error)s::text[]) AS n (atena_no, sent_version, error)
WHERE p.atena_no = n.atena_no
"""


def send_flags(at: datetime, limit: int) -> dict[str, int]:
    """Set and lift 自動応答不可 and 不開示該当 at 中間サーバー, `PAGES` in a turn. Raises Unreachable, Refused."""
    counts = {"flags": 0, "flags_failed": 0}
    for _ in range(PAGES):
        with transaction.atomic(using=USING):
            due = _due(PersonFlag.objects.using(USING), at).select_for_update(skip_locked=True)
            # new ones first, then who has waited longest: nobody is left out while others fail again and again
            rows = list(due.order_by(F("retry_at").asc(nulls_first=True), "atena_no")[: min(limit, links.MOST)])
            if not rows:
                break
            _send_flags(rows, counts, at)
    return counts


def _send_flags(rows: Sequence[PersonFlag], counts: dict[str, int], at: datetime) -> None:
    known = _numbers([row.atena_no for row in rows])
    listed = [row for row in rows if known.get(row.atena_no)]
    for row in rows:
        row.error = "" if row.atena_no in known else _UNKNOWN
    if listed:
        request = Flags(flags=tuple(Flag(unified_no=known[r.atena_no], on=r.on, reason=r.reason) for r in listed))
        salt = f"flags {[row.version for row in listed]}"
        for operation in (SET_MANUAL, SET_UNDISCLOSED):
            _note(listed, links.tell(operation, request, salt=salt).errors)
    failed = _note_sent("gateway_person_flag", rows, at, _WAIT_FLAG, _WAIT_FLAG)
    counts["flags"] += len(rows) - failed
    counts["flags_failed"] += failed


def send_households(at: datetime, limit: int) -> dict[str, int]:
    """Send 副本 that changed, `PAGES` in a turn. Raises Unreachable, Refused.

    Flags go wholly before: nothing is sent while some have not been tried, and nobody whose own are not set yet. While
    the master names nobody who may ask for it, 中間サーバー takes no such 副本: everything waits here.
    """
    counts = {"replicas": 0, "replicas_failed": 0}
    most = min(limit, links.MOST)
    waiting = _due(Provision.objects.using(USING), at).order_by("atena_no")
    code = tables.provided()["household"].information_code
    if not MasterRow.objects.using(USING).filter(information_code=code, provider_kind=policy().kind).exists():
        some = Provision.objects.using(USING).filter(pk__in=waiting.values("pk")[: PAGES * most])
        return counts | {"replicas_failed": some.update(error=_NOT_ASKED, retry_at=at + _WAIT)}
    unset = PersonFlag.objects.using(USING).filter(~_CLOSED, atena_no=OuterRef("atena_no"))
    after = ""
    for _ in range(PAGES):
        with transaction.atomic(using=USING):
            if _due(PersonFlag.objects.using(USING), at).exists():
                break
            ready = waiting.filter(~Exists(unset), atena_no__gt=after).select_for_update(skip_locked=True)
            rows = list(ready[:most])
            if not rows:
                break
            after = rows[-1].atena_no
            _send_households(rows, code, counts, at)
    return counts


def _due(rows: "QuerySet[_Row]", at: datetime) -> "QuerySet[_Row]":
    """What changed and is not sent, without those that could not be sent a while ago."""
    return rows.filter(~_CLOSED, Q(retry_at__isnull=True) | Q(retry_at__lte=at))


def _send_households(rows: Sequence[Provision], code: str, counts: dict[str, int], at: datetime) -> None:
    known = _numbers([row.atena_no for row in rows])
    listed = [row for row in rows if known.get(row.atena_no)]
    for row in rows:
        row.error = "" if row.atena_no in known else _UNKNOWN
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
    failed = _note_sent("gateway_provision", rows, at, _WAIT, _LONGEST_WAIT)
    counts["replicas"] += len(rows) - failed
    counts["replicas_failed"] += failed


def _note_sent(
    table: str, rows: Sequence[PersonFlag] | Sequence[Provision], at: datetime, wait: timedelta, longest: timedelta
) -> int:
    """Keep what was sent in which version, and when the others are tried again; gives the number of the others."""
    facts: Any = {
        "atena_no": [row.atena_no for row in rows],
        "sent": [row.sent_version if row.error else row.version for row in rows],
        "error": [row.error for row in rows],
        "at": at,
        "wait": wait,
        "longest": longest,
    }
    with connections[USING].cursor() as cursor:
        cursor.execute(_NOTE_SENT.format(table=table), facts)
    return sum(bool(row.error) for row in rows)


def _note(rows: Sequence[PersonFlag] | Sequence[Provision], errors: Sequence[RowError]) -> None:
    for error in errors:
        rows[error.row - 1].error = f"{error.code} {error.message}"[:300]


def _numbers(atena_nos: Sequence[str]) -> dict[str, str]:
    found = links.to_unified(RESIDENT_BUSINESS, atena_nos).numbers
    return {atena_no: no for atena_no, no in zip(atena_nos, found, strict=True) if no is not None}
