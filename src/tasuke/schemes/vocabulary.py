"""The words that schemes, facts and decisions share. Codes are English, labels (`label_of`) are what a clerk reads."""

from enum import StrEnum


class SchemeKind(StrEnum):
    """制度の種類."""

    KODOMO = "kodomo"
    HITORIOYA = "hitorioya"
    JUDO = "judo"
    SHONI = "shoni"


class Role(StrEnum):
    """The part that a person has in the scheme (対象者の区分)."""

    CHILD = "child"
    PARENT = "parent"
    CAREGIVER = "caregiver"
    SELF = "self"


class Subject(StrEnum):
    """Whose income a row is (所得を見る人)."""

    BREADWINNER = "breadwinner"
    PARENT = "parent"
    SPOUSE = "spouse"
    SUPPORTER = "supporter"
    CAREGIVER = "caregiver"
    SELF = "self"


class Coverage(StrEnum):
    """助成の範囲."""

    BOTH = "both"
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient_only"


class Outcome(StrEnum):
    """判定の結果."""

    ELIGIBLE = "eligible"
    REJECTED = "rejected"
    PENDING = "pending"


class FundingPart(StrEnum):
    """財源."""

    PREFECTURE = "prefecture"
    CITY = "city"
    UNKNOWN = "unknown"


class ExtensionCondition(StrEnum):
    """年齢の延長の要件."""

    DISABILITY = "disability"
    SCHOOL = "school"
    DEPENDENT = "dependent"


class ExclusionKind(StrEnum):
    """除外事由."""

    PUBLIC_ASSISTANCE = "public_assistance"
    INSTITUTION = "institution"
    FOSTER = "foster"


class Event(StrEnum):
    """申請の契機."""

    BIRTH = "birth"
    MOVE_IN = "move_in"
    INSURANCE = "insurance"
    LAW_CHANGE = "law_change"
    SINGLE_PARENT = "single_parent"
    DISABILITY = "disability"
    OTHER = "other"


class StartRule(StrEnum):
    """資格開始日の型."""

    EVENT_DATE = "event_date"
    APPLICATION_DATE = "application_date"
    APPLICATION_MONTH_START = "application_month_start"
    EVENT_MONTH_START = "event_month_start"
    NEXT_MONTH_START = "next_month_start"  # 申請の翌月初日


class DeductionKind(StrEnum):
    """控除の種類."""

    FLAT = "flat"
    DISABLED = "disabled"
    SPECIAL_DISABLED = "special_disabled"
    WIDOW = "widow"
    SINGLE_PARENT = "single_parent"
    WORKING_STUDENT = "working_student"
    CASUALTY = "casualty"
    MEDICAL = "medical"
    SMALL_BUSINESS = "small_business"
    SPOUSE_SPECIAL = "spouse_special"
    SALARY_PENSION = "salary_pension"


# words are kept by their kind: codes of different kinds may be equal (parent is a role and a subject)
LABELS: dict[type[StrEnum], dict[str, str]] = {
    SchemeKind: {
        SchemeKind.KODOMO: "子ども医療費助成",
        SchemeKind.HITORIOYA: "ひとり親家庭等医療費助成",
        SchemeKind.JUDO: "重度心身障害者医療費助成",
        SchemeKind.SHONI: "小児医療費助成",
    },
    Role: {
        Role.CHILD: "児童",
        Role.PARENT: "父または母",
        Role.CAREGIVER: "養育者",
        Role.SELF: "本人",
    },
    Subject: {
        Subject.BREADWINNER: "生計維持者",
        Subject.PARENT: "父または母",
        Subject.SPOUSE: "配偶者",
        Subject.SUPPORTER: "扶養義務者",
        Subject.CAREGIVER: "養育者",
        Subject.SELF: "本人",
    },
    Coverage: {
        Coverage.BOTH: "入院・通院",
        Coverage.INPATIENT: "入院のみ",
        Coverage.OUTPATIENT: "通院のみ",
    },
    Outcome: {
        Outcome.ELIGIBLE: "該当",
        Outcome.REJECTED: "非該当",
        Outcome.PENDING: "保留",
    },
    FundingPart: {
        FundingPart.PREFECTURE: "都道府県補助対象",
        FundingPart.CITY: "市単独",
        FundingPart.UNKNOWN: "財源区分不明",
    },
    ExtensionCondition: {
        ExtensionCondition.DISABILITY: "中程度以上の障害",
        ExtensionCondition.SCHOOL: "高校等在学",
        ExtensionCondition.DEPENDENT: "扶養されている",
    },
    ExclusionKind: {
        ExclusionKind.PUBLIC_ASSISTANCE: "生活保護",
        ExclusionKind.INSTITUTION: "児童福祉施設への措置",
        ExclusionKind.FOSTER: "里親・小規模住居型への委託",
    },
    Event: {
        Event.BIRTH: "出生",
        Event.MOVE_IN: "転入",
        Event.INSURANCE: "保険加入",
        Event.LAW_CHANGE: "制度改正",
        Event.SINGLE_PARENT: "ひとり親等の事由発生",
        Event.DISABILITY: "障害の認定",
        Event.OTHER: "その他",
    },
    StartRule: {
        StartRule.EVENT_DATE: "事由の発生日",
        StartRule.APPLICATION_DATE: "申請日",
        StartRule.APPLICATION_MONTH_START: "申請月の初日",
        StartRule.EVENT_MONTH_START: "事由の発生月の初日",
        StartRule.NEXT_MONTH_START: "申請の翌月初日",
    },
}


def label_of(word: StrEnum) -> str:
    """The Japanese word for a code."""
    return LABELS.get(type(word), {}).get(word, word.value)
