"""Events in words, as an auditor reads them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasuke.platform.access.actions import Action
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.audit.events import EventKind, kind_label
from tasuke.platform.audit.models import AuditEvent

_FACTS = {
    "what": "対象",
    "by": "探し方",
    "hits": "件数",
    "rows": "行数",
    "purpose": "目的",
    "before": "前",
    "after": "後",
    "run": "処理番号",
    "target": "処理の対象",
    "file": "ファイル番号",
    "key": "ファイルの対象",
    "name": "ファイル名",
    "size": "バイト数",
    "reason": "理由",
    "role": "役割",
    "grant": "権限番号",
    "office": "所属",
    "people": "職員",
    "grants": "権限",
    "address": "接続元",
    "block": "封印",
    "first": "始まり",
    "last": "終わり",
    "system": "システム",
}
# what was looked at or changed, as the screens name it in the trail; a word that is not here stands as it is
_WHAT = {
    "application": "申請",
    "applications": "申請の一覧",
    "assessment": "申請の審査",
    "attachment": "添付書類",
    "attachment-form": "添付書類",
    "attachment-withdrawn": "添付書類の取消し",
    "audit-trail": "証跡",
    "certificate": "受給者証",
    "certificates": "受給者証の一覧",
    "claim": "レセプト",
    "claims": "レセプトの一覧",
    "claim-files": "レセプトのファイル",
    "decision": "決定",
    "extract": "データの抽出",
    "failed-transfers": "振込不能",
    "household": "世帯",
    "income": "所得",
    "inquiries": "情報照会の一覧",
    "inquiry": "情報照会",
    "inquiry-answer": "情報照会の回答",
    "inquiry-approval": "情報照会の承認",
    "inquiry-cancel": "情報照会の取りやめ",
    "inquiry-form": "情報照会の入力",
    "note": "応対記録",
    "notes": "応対記録",
    "notes-due": "連絡の約束",
    "notice": "通知書",
    "notification": "届出",
    "notification-check": "届出の照合",
    "notification-form": "届出の入力",
    "payment": "支払",
    "payments": "支払の一覧",
    "person-check": "人の確認",
    "protected-address": "支援措置対象者の住所",
    "receipt": "償還払いの申請",
    "receipts": "償還払いの一覧",
    "renewal": "更新の審査",
    "search": "検索の結果",
    "sheet": "受付票",
    "sheet-returned": "受付票の差戻し",
    "sheets": "受付票の一覧",
    "withdrawal": "申請の取下げ",
}
_TONES = {
    EventKind.CHANGED: "info",
    EventKind.PRINTED: "info",
    EventKind.EXPORTED: "warn",
    EventKind.REFUSED: "bad",
    EventKind.NOT_FOUND: "warn",
    EventKind.SIGN_IN_FAILED: "bad",
    EventKind.LOCKED_OUT: "bad",
    EventKind.RUN_FAILED: "bad",
    EventKind.FILE_MADE: "warn",
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as a list shows it."""

    id: int
    at: datetime
    personal_id: str
    name: str
    office: str
    terminal: str
    action: str
    purpose: str
    kind: str
    tone: str
    atena_no: str
    facts: str


def in_words(event: AuditEvent, names: dict[str, str]) -> EventLine:
    """An event with Japanese words. names: of the people of the office, by personal id."""
    return EventLine(
        id=event.id,
        at=event.at,
        personal_id=event.personal_id,
        name=names.get(event.personal_id, ""),
        office=event.office,
        terminal=event.terminal,
        action=Action(event.action).label if event.action in set(Action) else event.action,
        purpose=purpose_label(event.purpose),
        kind=event.kind_label,
        tone=tone_of(event.kind),
        atena_no=event.atena_no,
        facts=facts_in_words(event.detail),
    )


def purpose_label(purpose: str) -> str:
    """A purpose in Japanese; a word of a later version stands as it is."""
    return Purpose(purpose).label if purpose in set(Purpose) else purpose


def kinds_in_words(kinds: tuple[str, ...]) -> str:
    """Kinds of events, joined."""
    return "、".join(kind_label(kind) for kind in kinds)


def tone_of(kind: str) -> str:
    """Colour of the sign of a kind."""
    return _TONES.get(EventKind(kind), "plain") if kind in set(EventKind) else "plain"


def facts_in_words(detail: str) -> str:
    """The facts of an event on one line."""
    try:
        facts = json.loads(detail) if detail else {}
    except json.JSONDecodeError:
        return detail
    return _joined(facts) if isinstance(facts, dict) else detail


def _joined(facts: dict[str, Any]) -> str:
    return " / ".join(f"{_FACTS.get(key, key)}: {_value(key, value)}" for key, value in facts.items())


def _value(key: str, value: Any) -> str:
    if isinstance(value, dict):
        return "{" + "、".join(f"{name} {item}" for name, item in value.items()) + "}"
    if key == "what":
        first, _, rest = str(value).partition(" ")  # `notification account`: the object, then which one
        return f"{_WHAT.get(first, first)} {rest}".strip()
    return purpose_label(str(value)) if key == "purpose" else str(value)
