"""Counters of runs in the words of the office. A counter that is named in Japanese already stands for itself."""

from collections.abc import Mapping

WORDS = {
    "accepted": "支給決定",
    "accounts": "口座",
    "added": "追加",
    "already_entitled": "既に資格あり",
    "already_imported": "取込済み",
    "already_received": "受付済み",
    "amount": "支給額(円)",
    "applications": "申請",
    "asked": "保険の確認を開始",
    "claims": "レセプト",
    "continued": "継続",
    "cost": "総医療費(円)",
    "eligible": "該当",
    "entitlements": "資格の登録",
    "gave_way": "他制度へ移行",
    "granted": "支給",
    "held": "保留",
    "income_unknown": "所得不明",
    "insurances": "保険",
    "known": "受付済み",
    "lines": "明細",
    "lost": "喪失",
    "meals_subsidy": "食事の助成額(円)",
    "notices": "届出の反映",
    "older_than_correction": "更正より古い",
    "paid": "窓口支払額(円)",
    "pending": "保留",
    "protections_opened": "支援措置の開始",
    "query": "疑義",
    "receipts": "領収書",
    "received": "受付",
    "rejected": "非該当・不支給",
    "sent": "配信",
    "relations": "関係者",
    "reopened": "復活",
    "return": "過誤",
    "single_parents": "ひとり親の状況",
    "split": "区分の変更",
    "still_pending": "引き続き保留",
    "subsidy": "助成額(円)",
    "superseded": "訂正",
    "targets": "対象",
    "unchanged": "変更なし",
    "unknown": "台帳にいない人",
    "waiting": "保険確認中",
}


def in_words(counts: Mapping[str, int]) -> dict[str, int]:
    """The same counters, named for a clerk; counters that share a word are added up."""
    told: dict[str, int] = {}
    for key, value in counts.items():
        word = WORDS.get(key, key)
        told[word] = told.get(word, 0) + value
    return told
