"""Why a receipt's line is not paid, has to wait, or is paid with a remark: codes, what each leads to, Japanese words.

The order of the codes is the order in which they are told. 不支給 before 保留 before a remark.
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class LineOutcome(StrEnum):
    """支給の決定 of a receipt's line."""

    GRANTED = "granted"
    REJECTED = "rejected"
    HELD = "held"


OUTCOME_LABELS = {LineOutcome.GRANTED: "支給", LineOutcome.REJECTED: "不支給", LineOutcome.HELD: "保留"}


class ReceiptReason(StrEnum):
    """Causes of 不支給 and 保留, and remarks."""

    SCHEME_UNKNOWN = "SCHEME_UNKNOWN"
    NEVER_ENTITLED = "NEVER_ENTITLED"
    BEFORE_START = "BEFORE_START"
    AFTER_LOSS = "AFTER_LOSS"
    DEADLINE_PASSED = "DEADLINE_PASSED"
    DUPLICATE_RECEIPT = "DUPLICATE_RECEIPT"
    ALREADY_IN_KIND = "ALREADY_IN_KIND"
    OUTSIDE_COVERAGE = "OUTSIDE_COVERAGE"
    CARE_NOT_COVERED = "CARE_NOT_COVERED"
    NOTHING_LEFT = "NOTHING_LEFT"
    NO_RULE = "NO_RULE"
    NEAR_DUPLICATE = "NEAR_DUPLICATE"
    SAME_DAY_IN_KIND = "SAME_DAY_IN_KIND"
    DEADLINE_PERHAPS_PASSED = "DEADLINE_PERHAPS_PASSED"
    RECIPIENT_NUMBER_DIFFERS = "RECIPIENT_NUMBER_DIFFERS"
    HIGH_COST_NOTICE_MISSING = "HIGH_COST_NOTICE_MISSING"
    INSURER_BENEFIT_MISSING = "INSURER_BENEFIT_MISSING"
    ACCOUNT_MISSING = "ACCOUNT_MISSING"
    PAID_LIMITS_AMOUNT = "PAID_LIMITS_AMOUNT"
    HIGH_COST_DEDUCTED = "HIGH_COST_DEDUCTED"
    EXTRA_BENEFIT_DEDUCTED = "EXTRA_BENEFIT_DEDUCTED"
    PUBLIC_PROGRAM_FIRST = "PUBLIC_PROGRAM_FIRST"
    UNCONFIRMED_RULE = "UNCONFIRMED_RULE"

    @property
    def bit(self) -> int:
        """The reason's place in a row's integer mask."""
        return 1 << _ORDER[self]


_ORDER = {reason: place for place, reason in enumerate(ReceiptReason)}


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """outcome: what the reason leads to; label: what stands on the notice."""

    outcome: LineOutcome
    label: str


_NO, _WAIT, _NOTE = LineOutcome.REJECTED, LineOutcome.HELD, LineOutcome.GRANTED

# 不支給 only where the books say so without doubt; where a paper can change the answer the line waits for it (保留).
INFO: dict[ReceiptReason, ReasonInfo] = {
    ReceiptReason.SCHEME_UNKNOWN: ReasonInfo(_NO, "この市にない制度です"),
    ReceiptReason.NEVER_ENTITLED: ReasonInfo(_NO, "受給資格の登録がありません"),
    ReceiptReason.BEFORE_START: ReasonInfo(_NO, "資格の開始前の診療です"),
    ReceiptReason.AFTER_LOSS: ReasonInfo(_NO, "資格の終了後の診療です"),
    ReceiptReason.DEADLINE_PASSED: ReasonInfo(_NO, "申請期限を過ぎています"),
    ReceiptReason.DUPLICATE_RECEIPT: ReasonInfo(_NO, "同じ領収書が既に申請されています"),
    ReceiptReason.ALREADY_IN_KIND: ReasonInfo(_NO, "同じ診療を医療証により現物給付しています"),
    ReceiptReason.OUTSIDE_COVERAGE: ReasonInfo(_NO, "受給資格の助成範囲(入院・通院の別)の外です"),
    ReceiptReason.CARE_NOT_COVERED: ReasonInfo(_NO, "この診療種別・年齢・負担区分は助成の対象外です"),
    ReceiptReason.NOTHING_LEFT: ReasonInfo(_NO, "一部負担金と他の給付を差し引くと、助成する額がありません"),
    ReceiptReason.NO_RULE: ReasonInfo(_WAIT, "診療日に有効な負担規則がありません"),
    ReceiptReason.NEAR_DUPLICATE: ReasonInfo(_WAIT, "同じ受診者・医療機関・診療日で、金額の違う申請があります"),
    ReceiptReason.SAME_DAY_IN_KIND: ReasonInfo(_WAIT, "同じ医療機関の同じ診療日に現物給付があります(金額は違います)"),
    ReceiptReason.DEADLINE_PERHAPS_PASSED: ReasonInfo(_WAIT, "未確認の申請期限を過ぎています。期限を確認してください"),
    ReceiptReason.RECIPIENT_NUMBER_DIFFERS: ReasonInfo(_WAIT, "申請書の受給者番号が受診者のものと違います"),
    ReceiptReason.HIGH_COST_NOTICE_MISSING: ReasonInfo(
        _WAIT, "自己負担が高額療養費の限度額を超えています。高額療養費の支給決定通知が必要です"
    ),
    ReceiptReason.INSURER_BENEFIT_MISSING: ReasonInfo(
        _WAIT, "10割を支払った診療です。保険者の療養費の支給決定通知が必要です"
    ),
    ReceiptReason.ACCOUNT_MISSING: ReasonInfo(_WAIT, "振込先の口座がありません"),
    ReceiptReason.PAID_LIMITS_AMOUNT: ReasonInfo(_NOTE, "窓口で支払った額を超えないように支給額を決めました"),
    ReceiptReason.HIGH_COST_DEDUCTED: ReasonInfo(_NOTE, "高額療養費を差し引きました"),
    ReceiptReason.EXTRA_BENEFIT_DEDUCTED: ReasonInfo(_NOTE, "付加給付を差し引きました"),
    ReceiptReason.PUBLIC_PROGRAM_FIRST: ReasonInfo(_NOTE, "国の公費を適用した後の患者負担を対象としました"),
    ReceiptReason.UNCONFIRMED_RULE: ReasonInfo(_NOTE, "未確認の規則のまま計算しました"),
}


def _bits(outcome: LineOutcome) -> int:
    return sum(reason.bit for reason, info in INFO.items() if info.outcome is outcome)


REJECT_MASK = _bits(LineOutcome.REJECTED)
HOLD_MASK = _bits(LineOutcome.HELD)


def receipt_reason_label(code: ReceiptReason | str) -> str:
    """The Japanese words of a reason code. Raises ValueError for an unknown code."""
    return INFO[ReceiptReason(code)].label


def flag(condition: pl.Expr, reason: ReceiptReason) -> pl.Expr:
    """An Int64 expression: the reason's bit where the condition holds, 0 elsewhere (also where it is null)."""
    return pl.when(condition).then(pl.lit(reason.bit, dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))


def outcome_expr(mask: pl.Expr) -> pl.Expr:
    """The outcome that a mask of reasons leads to."""
    rejected = pl.when(mask & REJECT_MASK != 0).then(pl.lit(LineOutcome.REJECTED.value))
    held = rejected.when(mask & HOLD_MASK != 0).then(pl.lit(LineOutcome.HELD.value))
    return held.otherwise(pl.lit(LineOutcome.GRANTED.value))


def codes_of(mask: int) -> list[ReceiptReason]:
    """The reasons of a mask, in order."""
    return [reason for reason in ReceiptReason if mask & reason.bit]
