"""What the screens show: a municipality's own work in plain data, and the operator's counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from tasuke.contracts.interface import Record
from tasuke.systems.midserver.models import DailyCount, DeletionRecord, Notice, RoundState, Tenant
from tasuke.systems.midserver.replicas import Wanted, find_replicas
from tasuke.systems.midserver.safe import FLAG, INQUIRY, open_values, person_keys
from tasuke.systems.midserver.services.answer_manually import waiting_request
from tasuke.systems.midserver.tenancy import USING, Inside

STATES = {
    "registered": "登録済み",
    "sent": "送信済み",
    "answered": "回答あり",
    "refused": "不可",
    "cancelled": "取りやめ",
}
OUTCOMES = {
    "found": "提供あり", "none": "該当なし", "withheld": "提供しない", "refused": "不可", "": "",
}  # fmt: skip
ROUNDS = {
    "refresh": "配信マスターと鍵の受領", "publish_keys": "鍵の公開", "send_mail": "送信", "fetch_mail": "受信",
    "tidy": "期限切れの整理",
}  # fmt: skip
COUNTS = {
    "codes_requested": "符号の要求", "codes_acquired": "符号の取得", "codes_failed": "符号の取得失敗",
    "codes_removed": "符号の消除", "inquiries_registered": "照会の登録", "inquiries_not_registered": "登録を断った照会",
    "inquiries_sent": "照会の送信", "inquiries_refused": "送れなかった照会", "inquiries_cancelled": "照会の取りやめ",
    "answers_received": "回答の受領", "answers_refused": "受け付けなかった回答", "provided_automatically": "自動応答",
    "provisions_waiting": "手動回答待ち", "provided_by_hand": "手動回答", "provisions_expired": "回答せず期限切れ",
    "permits_refused": "認めなかった提供の求め", "replicas_updated": "副本の更新", "flags_changed": "フラグの変更",
    "letters_sent": "電文の送信", "letters_received": "電文の受信", "letters_refused": "拒否した電文・された電文",
    "keys_published": "鍵の公開", "keys": "鍵の受領", "keys_refused": "認めなかった鍵", "masters": "配信マスターの受領",
}  # fmt: skip
SWEPT = {
    "inquiries": "照会と回答", "provisions": "提供の求め", "outbox": "送信の控え", "inbox": "受信の控え",
    "replicas": "公開を終えた副本", "flags": "解除したフラグ", "provision_records": "情報提供等記録",
}  # fmt: skip

_FAILING = 50


@dataclass(frozen=True, slots=True)
class InquiryLine:
    """One inquiry of the list."""

    number: int
    person_key: bytes
    unified_no: str
    record_id: str
    information: str
    provider: str
    year: int | None
    state: str
    state_label: str
    outcome_label: str
    reason: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class FlagLine:
    """A flag in force."""

    kind: str
    information: str
    reason: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """One request that waits, with what would be sent."""

    person_key: bytes
    unified_no: str
    requester: str
    procedure_code: str
    information_code: str
    year: int | None
    asked_at: datetime
    expires_at: datetime
    why: str
    records: tuple[Record, ...]


def inquiry_lines(room: Inside, *, state: str, before: int | None, limit: int) -> list[InquiryLine]:
    """The newest first, before a number. state: "" for all."""
    rows = room.rows(
        "SELECT id, person_key, sealed, record_id, information_code, provider, year, state, outcome, reason,"
        " registered_at FROM inquiry WHERE (%s = '' OR state = %s) AND (%s::bigint IS NULL OR id < %s)"
        " ORDER BY id DESC LIMIT %s",
        [state, state, before, before, limit],
    )
    facts = open_values(room, [row[2] for row in rows], context=INQUIRY)
    return [
        InquiryLine(
            number=row[0],
            person_key=bytes(row[1]),
            unified_no=fact["person"],
            record_id=row[3],
            information=row[4],
            provider=row[5],
            year=row[6],
            state=row[7],
            state_label=STATES[row[7]],
            outcome_label=OUTCOMES[row[8] or ""],
            reason=row[9],
            registered_at=row[10],
        )
        for row, fact in zip(rows, facts, strict=True)
    ]


def waiting_page(room: Inside, provision_id: str) -> WaitingPage | None:
    """A request that waits for a person; None when it does not (any more)."""
    found = waiting_request(room, provision_id)
    if found is None:
        return None
    permit = found.request.item.permit
    wanted = Wanted(found.person_key, permit.information_code, found.request.item.year, *found.request.period)
    return WaitingPage(
        person_key=found.person_key,
        unified_no=found.unified_no,
        requester=permit.requester,
        procedure_code=permit.procedure_code,
        information_code=permit.information_code,
        year=found.request.item.year,
        asked_at=permit.issued_at,
        expires_at=permit.expires_at,
        why=found.why,
        records=find_replicas(room, [wanted])[0],
    )


def flag_lines(room: Inside, unified_no: str) -> list[FlagLine]:
    """Flags in force of one person."""
    rows = room.rows(
        "SELECT kind, information_code, sealed, set_at, set_by FROM flag"
        " WHERE lifted_at IS NULL AND person_key = %s ORDER BY kind, information_code",
        person_keys(room, [unified_no]),
    )
    facts = open_values(room, [row[2] for row in rows], context=FLAG)
    kinds = {"manual": "自動応答不可", "undisclosed": "不開示該当"}
    return [FlagLine(kinds[row[0]], row[1], fact[1], row[3], row[4]) for row, fact in zip(rows, facts, strict=True)]


@dataclass(frozen=True, slots=True)
class TenantLine:
    """A municipality with its rounds. failing: (round, error); done_at: the oldest of their last good ends."""

    tenant: Tenant
    failing: Sequence[tuple[str, str]]
    done_at: datetime | None


def operation_page(*, today: date, after: str, limit: int, using: str = USING) -> dict[str, Any]:
    """The operator's page, in plain data: a piece of the municipalities, everything else counted over all of them.

    To be read as the operator's role.
    """
    counts = _week(today, using).order_by("what").values_list("what").annotate(n=Sum("count"))
    return {
        "tenants": Tenant.objects.using(using).count(),
        "lines": _tenant_lines(after, limit, using),
        "failing": _failing(using),
        "counts": _words(counts, COUNTS),
        "notices": list(Notice.objects.using(using).filter(withdrawn_at__isnull=True).order_by("-id")[:20]),
    }


def tenant_operation(*, body: str, today: date, using: str = USING) -> dict[str, Any] | None:
    """One municipality: rounds, counts of a week, the last deletions. None: there is none. As the operator's role."""
    tenant = Tenant.objects.using(using).filter(pk=body).first()
    if tenant is None:
        return None
    counts = _week(today, using).filter(tenant=tenant).order_by("what").values_list("what").annotate(n=Sum("count"))
    return {
        "tenant": tenant,
        "rounds": [
            (row, ROUNDS.get(row.name, row.name), _words(row.counts.items(), COUNTS))
            for row in RoundState.objects.using(using).filter(tenant=tenant).order_by("name")
        ],
        "counts": _words(counts, COUNTS),
        "deletions": [
            (row, SWEPT.get(row.what, row.what))
            for row in DeletionRecord.objects.using(using).filter(tenant=tenant).order_by("-id")[:50]
        ],
    }


def _week(today: date, using: str) -> "QuerySet[DailyCount]":
    return DailyCount.objects.using(using).filter(day__gte=today - timedelta(days=6))


def _tenant_lines(after: str, limit: int, using: str) -> list[TenantLine]:
    listed = list(Tenant.objects.using(using).filter(pk__gt=after).order_by("pk")[:limit])
    rounds: dict[str, list[RoundState]] = {tenant.pk: [] for tenant in listed}
    for row in RoundState.objects.using(using).filter(tenant__in=listed).order_by("name"):
        rounds[row.tenant_id].append(row)
    return [
        TenantLine(
            tenant=tenant,
            failing=[(ROUNDS.get(row.name, row.name), row.error) for row in rounds[tenant.pk] if row.error],
            done_at=min((row.done_at for row in rounds[tenant.pk] if row.done_at), default=None),
        )
        for tenant in listed
    ]


def _failing(using: str) -> list[tuple[RoundState, str]]:
    """Rounds that stand still, those that failed most often first."""
    rows = RoundState.objects.using(using).exclude(error="").select_related("tenant").order_by("-failures", "pk")
    return [(row, ROUNDS.get(row.name, row.name)) for row in rows[:_FAILING]]


def _words(counts: Iterable[tuple[str, int]], words: dict[str, str]) -> list[tuple[str, int]]:
    swept = {f"deleted_{what}": f"{label}の削除" for what, label in SWEPT.items()}
    return [(words.get(what) or swept.get(what, what), n) for what, n in counts if n]
