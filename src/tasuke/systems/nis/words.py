"""The stand-in's codes in Japanese, as its screens show them."""

from datetime import datetime

from tasuke.systems.nis.models import DirectoryKey

OUTCOMES = {"found": "提供あり", "none": "該当なし", "withheld": "不提供", "refused": "拒否", "": ""}
REMOVED = {"records": "提供等の記録", "permits": "許可証", "received": "受け付けた電文の番号", "refusals": "拒否の記録"}
_REASONS = {
    "tampered": "書き換えの疑い",
    "unknown-key": "鍵の一覧にない鍵",
    "expired-key": "鍵の有効期間の外",
    "revoked-key": "失効した鍵",
    "expired": "電文の期限切れ",
    "not-yet-valid": "先の時刻の電文",
    "wrong-audience": "宛先違い",
    "wrong-sender": "送り主違い",
    "replayed": "再送(使われた番号)",
    "out-of-order": "順序違い",
    "bad-content": "内容の形の誤り",
    "duplicate-request": "照会IDの重複",
    "permit-unknown": "許可証なし",
    "permit-used": "使用済みの許可証",
    "permit-expired": "許可証の期限切れ",
    "empty-answer": "回答が空",
    "bad-answer": "回答の形の誤り",
    "unknown-body": "参加していない機関",
    "own-body": "自分への照会",
    "not-permitted": "照合リストにない組合せ",
    "year-missing": "年度の指定なし",
    "year-not-asked": "年度のない情報への年度指定",
    "unknown-code": "知らない符号",
    "no-code-at-provider": "提供者に符号なし",
    "bad-request-id": "照会IDの形の誤り",
}


def reason_label(code: str) -> str:
    """A reason in Japanese; one that this version does not know stands as it is."""
    return _REASONS.get(code, code)


def key_state(key: DirectoryKey, at: datetime) -> tuple[str, str]:
    """State of a key in Japanese, and the tone of its badge."""
    if key.revoked_at is not None and key.revoked_at <= at:
        return "失効", "bad"
    if at >= key.valid_to:
        return "期限切れ", "plain"
    return ("有効", "good") if key.valid_from <= at else ("開始前", "info")
