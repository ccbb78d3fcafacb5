"""Why an amount came out as it did: codes for programs, Japanese words for clerks."""

from enum import StrEnum

import polars as pl


class CopayReason(StrEnum):
    """Reasons of one computed row, in the order in which they are told."""

    NO_RULE_IN_FORCE = "NO_RULE_IN_FORCE"
    OUTSIDE_COVERAGE = "OUTSIDE_COVERAGE"
    COPAY_CLASS_MISSING = "COPAY_CLASS_MISSING"
    CARE_NOT_COVERED = "CARE_NOT_COVERED"
    PUBLIC_PROGRAM_FIRST = "PUBLIC_PROGRAM_FIRST"
    HIGH_COST_DEDUCTED = "HIGH_COST_DEDUCTED"
    HIGH_COST_COMPUTED = "HIGH_COST_COMPUTED"
    HIGH_COST_UNKNOWN = "HIGH_COST_UNKNOWN"
    EXTRA_BENEFIT_DEDUCTED = "EXTRA_BENEFIT_DEDUCTED"
    DEDUCTION_ABOVE_SHARE = "DEDUCTION_ABOVE_SHARE"
    UNCOVERED_LEFT_OUT = "UNCOVERED_LEFT_OUT"
    NO_COPAYMENT = "NO_COPAYMENT"
    FIXED_AMOUNT = "FIXED_AMOUNT"
    RATE = "RATE"
    WHOLE_SHARE = "WHOLE_SHARE"
    SHARE_BELOW_FIXED = "SHARE_BELOW_FIXED"
    BOUNDS_ONLY = "BOUNDS_ONLY"
    TIMES_EXCEEDED = "TIMES_EXCEEDED"
    CONSECUTIVE_FREE = "CONSECUTIVE_FREE"
    MONTH_CAP = "MONTH_CAP"
    YEAR_CAP = "YEAR_CAP"
    MULTIPLE_MONTHS = "MULTIPLE_MONTHS"
    REFUND_LATER = "REFUND_LATER"
    REIMBURSEMENT_ONLY = "REIMBURSEMENT_ONLY"
    OUTSIDE_AREA = "OUTSIDE_AREA"
    EXCLUDED_INSURER = "EXCLUDED_INSURER"
    ABOVE_IN_KIND_THRESHOLD = "ABOVE_IN_KIND_THRESHOLD"
    NOT_BILLED_IN_KIND = "NOT_BILLED_IN_KIND"
    UNCONFIRMED_RULE = "UNCONFIRMED_RULE"

    @property
    def bit(self) -> int:
        """The reason's place in a row's integer mask."""
        return 1 << _ORDER[self]


_ORDER = {reason: place for place, reason in enumerate(CopayReason)}

_LABELS = {
    CopayReason.NO_RULE_IN_FORCE: "診療日に有効な負担規則がありません(助成の対象外)",
    CopayReason.OUTSIDE_COVERAGE: "受給資格の助成範囲(入院・通院の別)の外です",
    CopayReason.COPAY_CLASS_MISSING: "負担区分が分からないため計算できません",
    CopayReason.CARE_NOT_COVERED: "この診療種別・年齢・負担区分は助成の対象外です",
    CopayReason.PUBLIC_PROGRAM_FIRST: "国の公費を先に適用し、その後の患者負担を助成対象としました",
    CopayReason.HIGH_COST_DEDUCTED: "高額療養費を差し引きました",
    CopayReason.HIGH_COST_COMPUTED: "高額療養費を限度額の表から計算しました",
    CopayReason.HIGH_COST_UNKNOWN: "この診療月の高額療養費の限度額の表がないため、高額療養費を差し引いていません",
    CopayReason.EXTRA_BENEFIT_DEDUCTED: "付加給付を差し引きました",
    CopayReason.DEDUCTION_ABOVE_SHARE: "差し引く給付が自己負担を超えています。入力を確かめてください",
    CopayReason.UNCOVERED_LEFT_OUT: "選定療養など保険の対象とならない費用は助成しません",
    CopayReason.NO_COPAYMENT: "一部負担金はありません(0円)",
    CopayReason.FIXED_AMOUNT: "定額の一部負担金です",
    CopayReason.RATE: "定率の一部負担金です",
    CopayReason.WHOLE_SHARE: "上限額までの実額が一部負担金です",
    CopayReason.SHARE_BELOW_FIXED: "実際の自己負担が定額に満たないため、実額を一部負担金としました",
    CopayReason.BOUNDS_ONLY: "1回ごとの自己負担が分からないため、上限の額です(下限の額も示します)",
    CopayReason.TIMES_EXCEEDED: "月の回数(日数)の上限を超えた分は0円です",
    CopayReason.CONSECUTIVE_FREE: "連続した入院が定められた月数を超えたため0円です",
    CopayReason.MONTH_CAP: "月額上限に達しました",
    CopayReason.YEAR_CAP: "年額上限に達しました",
    CopayReason.MULTIPLE_MONTHS: "多数回該当の上限額を適用しました",
    CopayReason.REFUND_LATER: "上限を超えた分は後から支給します",
    CopayReason.REIMBURSEMENT_ONLY: "この診療は償還払いだけです",
    CopayReason.OUTSIDE_AREA: "現物給付の区域外の医療機関のため償還払いです",
    CopayReason.EXCLUDED_INSURER: "現物給付の対象としない保険者のため償還払いです",
    CopayReason.ABOVE_IN_KIND_THRESHOLD: "月の自己負担が現物給付のしきい値以上のため償還払いです",
    CopayReason.NOT_BILLED_IN_KIND: "公費として請求されていないため償還払いです(証の不携帯・交付前など)",
    CopayReason.UNCONFIRMED_RULE: "未確認の規則を初期値のまま使いました。本番の設定で確認してください",
}


def copay_reason_label(code: str) -> str:
    """The Japanese words of a reason code. Raises ValueError for an unknown code."""
    return _LABELS[CopayReason(code)]


def flag(condition: pl.Expr, reason: CopayReason) -> pl.Expr:
    """An Int64 expression: the reason's bit where the condition holds, 0 elsewhere (also where it is null)."""
    return pl.when(condition).then(pl.lit(reason.bit, dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))


def reasons_column(mask: pl.Series) -> pl.Series:
    """The masks as lists of codes. Few masks differ, so only the distinct ones are spelt out."""
    distinct = mask.unique().sort()
    words = [[reason.value for reason in CopayReason if value & reason.bit] for value in distinct]
    table = pl.DataFrame({"mask": distinct, "reasons": pl.Series(words, dtype=pl.List(pl.String))})
    keys = pl.DataFrame({"mask": mask})
    return keys.join(table, on="mask", how="left", maintain_order="left").get_column("reasons")
