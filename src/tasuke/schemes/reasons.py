"""Reason codes of a decision, in the order in which they are listed, each with its Japanese words."""

from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a decision is what it is. The order here is the order in every list."""

    # rejected
    ROLE_NOT_COVERED = "ROLE_NOT_COVERED"
    NOT_BORN = "NOT_BORN"
    AGE_OVER = "AGE_OVER"
    NO_CHILD = "NO_CHILD"
    NOT_RESIDENT = "NOT_RESIDENT"
    NOT_INSURED = "NOT_INSURED"
    INSURANCE_EXCLUDED = "INSURANCE_EXCLUDED"
    NOT_SINGLE_PARENT = "NOT_SINGLE_PARENT"
    DE_FACTO_SPOUSE = "DE_FACTO_SPOUSE"
    NO_DISABILITY = "NO_DISABILITY"
    PUBLIC_ASSISTANCE = "PUBLIC_ASSISTANCE"
    IN_INSTITUTION = "IN_INSTITUTION"
    IN_FOSTER_CARE = "IN_FOSTER_CARE"
    HOLDS_OTHER_SCHEME = "HOLDS_OTHER_SCHEME"
    INCOME_OVER = "INCOME_OVER"
    NO_PERIOD = "NO_PERIOD"
    # pending
    BIRTH_DATE_UNKNOWN = "BIRTH_DATE_UNKNOWN"
    INCOME_SUBJECT_MISSING = "INCOME_SUBJECT_MISSING"
    INCOME_UNDECLARED = "INCOME_UNDECLARED"
    INCOME_UNKNOWN = "INCOME_UNKNOWN"
    # notes, whatever the outcome
    EXTENDED = "EXTENDED"
    HELD_TOGETHER = "HELD_TOGETHER"
    INCOME_LIMITS_COVERAGE = "INCOME_LIMITS_COVERAGE"
    COPAY_CLASS_UNKNOWN = "COPAY_CLASS_UNKNOWN"
    UNCONFIRMED_RULE = "UNCONFIRMED_RULE"


_LABELS = {
    ReasonCode.ROLE_NOT_COVERED: "この制度の対象となる区分(児童・父母・養育者・本人)ではありません",
    ReasonCode.BIRTH_DATE_UNKNOWN: "生年月日が分かりません",
    ReasonCode.NOT_BORN: "判定日に生まれていません",
    ReasonCode.AGE_OVER: "対象年齢を過ぎています",
    ReasonCode.NO_CHILD: "対象となる児童がいません",
    ReasonCode.NOT_RESIDENT: "判定日に市内に住所がありません",
    ReasonCode.NOT_INSURED: "判定日に医療保険に加入していません",
    ReasonCode.INSURANCE_EXCLUDED: "加入している医療保険が対象外です",
    ReasonCode.NOT_SINGLE_PARENT: "ひとり親家庭等の事由に当たりません",
    ReasonCode.DE_FACTO_SPOUSE: "児童が父または母の配偶者(事実婚を含む)に養育されています",
    ReasonCode.NO_DISABILITY: "対象となる障害の程度ではありません",
    ReasonCode.PUBLIC_ASSISTANCE: "生活保護を受けています",
    ReasonCode.IN_INSTITUTION: "児童福祉施設に措置されています",
    ReasonCode.IN_FOSTER_CARE: "里親または小規模住居型児童養育事業者に委託されています",
    ReasonCode.HOLDS_OTHER_SCHEME: "優先する他の医療費助成を受けています",
    ReasonCode.INCOME_OVER: "所得が限度額を超えています",
    ReasonCode.NO_PERIOD: "資格の開始日が終了日以後になり、受給できる期間がありません",
    ReasonCode.INCOME_SUBJECT_MISSING: "所得を確認する人が登録されていません",
    ReasonCode.INCOME_UNDECLARED: "所得が未申告です",
    ReasonCode.INCOME_UNKNOWN: "判定年度の所得の記録がありません",
    ReasonCode.EXTENDED: "年齢の延長の要件に当たります",
    ReasonCode.HELD_TOGETHER: "他の医療費助成との併給の例外に当たります",
    ReasonCode.INCOME_LIMITS_COVERAGE: "所得が限度額を超えるため、助成の範囲が限られます",
    ReasonCode.COPAY_CLASS_UNKNOWN: "課税の状況が分からないため、負担区分は仮のものです",
    ReasonCode.UNCONFIRMED_RULE: "未確認の規則で計算しています",
}

CODES = tuple(ReasonCode)
BITS = {code: 1 << place for place, code in enumerate(CODES)}
PENDING = frozenset(
    {
        ReasonCode.BIRTH_DATE_UNKNOWN,
        ReasonCode.INCOME_SUBJECT_MISSING,
        ReasonCode.INCOME_UNDECLARED,
        ReasonCode.INCOME_UNKNOWN,
    }
)
NOTES = frozenset(
    {
        ReasonCode.EXTENDED,
        ReasonCode.HELD_TOGETHER,
        ReasonCode.INCOME_LIMITS_COVERAGE,
        ReasonCode.COPAY_CLASS_UNKNOWN,
        ReasonCode.UNCONFIRMED_RULE,
    }
)
REJECT_MASK = sum(BITS[c] for c in CODES if c not in PENDING and c not in NOTES)
PENDING_MASK = sum(BITS[c] for c in PENDING)
NOTE_MASK = sum(BITS[c] for c in NOTES)


def reason_label(code: ReasonCode | str) -> str:
    """The reason in Japanese."""
    return _LABELS[ReasonCode(code)]


def is_note(code: ReasonCode | str) -> bool:
    """True for a code that does not decide (unlike reasons to reject or to hold)."""
    return ReasonCode(code) in NOTES


def is_pending(code: ReasonCode | str) -> bool:
    """True for a reason to hold a decision."""
    return ReasonCode(code) in PENDING


def codes_of(mask: int) -> list[ReasonCode]:
    """The codes of a bitmask, in order."""
    return [code for code in CODES if mask & BITS[code]]
