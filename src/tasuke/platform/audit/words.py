"""Events in words, as an auditor reads them."""

import json
from collections.abc import Callable, Mapping
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
    "choice": "保存した条件の番号",
    "filters": "条件",
    "items": "項目",
    "shared": "共有",
    "extract": "抽出の番号",
    "event": "記録の番号",
    "personal_id": "職員ID",
    "least": "人数(以上)",
    "security_key": "キー番号",
    "verified": "キーによる本人確認",
    "keys": "セキュリティキー",
}
# what was looked at or changed, as the screens name it in the trail; a word that is not here stands as it is
_WHAT = {
    "announcement": "お知らせ",
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
    "matching": "突合",
    "matching-list": "突合の差異の一覧",
    "stated-people": "申請書の記載",
    "identity-check": "本人確認",
    "identity-form": "本人確認の入力",
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
    "sharing": "庁内移転",
    "sharing-agreement": "支援措置対象者の庁内移転への同意",
    "sharing-form": "庁内移転の入力",
    "sharing-record": "庁内移転の記録",
    "sharing-records": "庁内移転の記録の一覧",
    "sheet": "受付票",
    "sheet-returned": "受付票の差戻し",
    "sheets": "受付票の一覧",
    "withdrawal": "申請の取下げ",
    "account-correction": "口座の訂正",
    "banks": "銀行別集計表",
    "claim-file": "レセプトのファイル",
    "contact-note": "応対記録",
    "contact_note": "応対記録",
    "corporation-form": "法人の入力",
    "change-problem": "反映できなかった変更",
    "change-problems": "反映できなかった変更の一覧",
    "dead-letters": "届かなかった連絡",
    "failed-transfer": "振込不能",
    "flags": "フラグ",
    "gateway-errors": "照会の誤り",
    "inquiries-needed": "情報照会の要る人",
    "inquiry-results": "情報照会の結果",
    "inquiry-state": "情報照会の状態",
    "linkage-code": "符号の取得",
    "merge": "名寄せ",
    "mid-flags": "不開示・自動応答不可フラグ",
    "mid-provision": "情報提供",
    "midserver-choice": "中間サーバーの画面",
    "moved-in": "住登外者の転入",
    "my-number": "個人番号の表示",
    "my-number-entered": "個人番号の入力",
    "my-number-form": "個人番号の入力画面",
    "my-number-match": "個人番号の照合",
    "nonresident": "住登外者",
    "notices": "支払通知書",
    "number-check": "番号の確認",
    "number-fault": "番号の誤り",
    "number-faults": "番号の誤りの一覧",
    "number-notice": "番号の通知",
    "payees": "支払対象者一覧",
    "received": "受付",
    "renewal-papers": "更新の書類",
    "results-file": "照会結果のファイル",
    "run-paper": "まとめて作った証・通知書",
    "run-problems": "処理の問題",
    "transfer-results": "振込結果の取込",
    "unified-number": "団体内統合宛名番号",
    "unmerge": "名寄せの取消し",
    "welfare-person": "社会保障宛名",
    "welfare-tax": "社会保障宛名の税情報",
    "withdrawn": "お知らせの取消し",
    "zengin": "振込データ",
    "audit:act": "証跡(1つの操作)",
    "audit:actor": "証跡(ある職員がしたこと)",
    "audit:failed": "証跡(失敗と拒否)",
    "audit:mass": "証跡(大量の閲覧)",
    "audit:nights": "証跡(夜間と休日)",
}
# what stood in a record before and after, where the screens write it as a code
_FIELDS = {
    "account_no": "口座番号",
    "agree": "承認",
    "announced": "掲載期間",
    "application": "申請",
    "attachment": "添付書類",
    "certificate": "受給者証",
    "document": "確認書類",
    "ended": "終了",
    "entry": "決定",
    "kind": "種類",
    "notice": "お知らせ",
    "notification": "届出",
    "on": "あり",
    "reason": "理由",
    "result": "結果",
    "returned_on": "返却日",
    "roles": "役割",
    "sheet": "受付票",
    "size": "バイト数",
    "state": "状態",
    "subsidy": "助成額",
    "urgent": "緊急",
    "version": "版",
    "ward_code": "区",
    "wards": "区",
    "withdrawn": "取下げ",
}
_CODES = {
    "accept": "支給",
    "accepted": "決定",
    "changed": "変わった",
    "current": "有効",
    "failed": "振込不能",
    "paid": "振込済み",
    "query": "疑義",
    "recall": "返還待ち",
    "refuse": "過誤(疑義)",
    "return": "過誤",
    "returned": "返却",
    "selected": "抽出済み",
    "sent": "振込依頼済み",
    "settled": "処理済み",
    "no_account": "口座なし",
    "name_differs": "名義相違",
    "closed": "解約",
    "kind_differs": "種目相違",
    "branch_differs": "店番号相違",
    "payee": "受取人都合",
    "recalled": "組戻し",
    "True": "はい",
    "False": "いいえ",
}
# by what was searched; several are joined by a plus sign
_SEARCHES = {
    "number": "番号",
    "phone": "電話",
    "birth": "生年月日",
    "name": "氏名",
    "kana": "カナ",
    "address": "住所",
    "none": "条件なし",
    "my_number": "個人番号",
    "unified_no": "団体内統合宛名番号",
    "atena_no": "宛名番号",
    "four-info": "4情報",
    "nonresident-candidates": "住登外者の候補",
}
_STEPS = {"sign-in": "サインイン", "command": "コマンド"}  # where there is no screen with an action
_OFFERED: list[Callable[[], Mapping[str, str]]] = []
_TONES = {
    EventKind.CHANGED: "info",
    EventKind.PRINTED: "info",
    EventKind.EXPORTED: "warn",
    EventKind.REFUSED: "bad",
    EventKind.NOT_FOUND: "warn",
    EventKind.SIGN_IN_FAILED: "bad",
    EventKind.LOCKED_OUT: "bad",
    EventKind.KEY_REFUSED: "bad",
    EventKind.KEY_COPIED: "bad",
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


def offer_names(names: Callable[[], Mapping[str, str]]) -> None:
    """Whoever puts the site together says how runs are called. names: asked when a record is read."""
    _OFFERED.append(names)


def name_of(what: str) -> str:
    """An object in Japanese: of this table, of those that were offered, or as it stands."""
    known = _WHAT.get(what) or next((told for names in _OFFERED if (told := names().get(what))), "")
    return known or _WHAT.get(what.rstrip("0123456789").rstrip("-"), what)  # `notices-1`: the first part of a paper


def in_words(event: AuditEvent, names: dict[str, str]) -> EventLine:
    """An event with Japanese words. names: of the people of the office, by personal id."""
    return EventLine(
        id=event.id,
        at=event.at,
        personal_id=event.personal_id,
        name=names.get(event.personal_id, ""),
        office=event.office,
        terminal=event.terminal,
        action=Action(event.action).label if event.action in set(Action) else _STEPS.get(event.action, event.action),
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
    if isinstance(value, bool):
        return _CODES[str(value)]
    if isinstance(value, list):
        return "、".join(str(item) for item in value)
    if isinstance(value, dict):
        return (
            "、".join(f"{_FIELDS.get(name, name)} {_CODES.get(str(item), item)}" for name, item in value.items())
            or "なし"
        )
    if key == "what":
        first, _, rest = str(value).partition(" ")  # `notification account`: the object, then which one
        return f"{name_of(first)} {rest}".strip()
    if key == "by":
        return "と".join(_SEARCHES.get(part, part) for part in str(value).split("+"))
    return purpose_label(str(value)) if key == "purpose" else str(value)
