"""Why a claim was not simply accepted: one code per cause, what it leads to, the rule behind it, its Japanese words.

The order of the codes is the order in which they are told. A claim's state is that of its gravest reason: 過誤 (the
claim goes back to 審査支払機関) before 疑義 (a person decides) before a note (the claim is accepted, someone may look).
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class ClaimState(StrEnum):
    """支給の決定 of a claim."""

    ACCEPTED = "accepted"
    QUERY = "query"
    RETURN = "return"


STATE_LABELS = {ClaimState.ACCEPTED: "決定", ClaimState.QUERY: "疑義", ClaimState.RETURN: "過誤"}


class ClaimReason(StrEnum):
    """Causes of 過誤 and 疑義, and notes."""

    # the number of the payer
    PAYER_MISSING = "PAYER_MISSING"
    PAYER_CHECK_DIGIT = "PAYER_CHECK_DIGIT"
    PAYER_NOT_OURS = "PAYER_NOT_OURS"
    PAYER_OF_OTHER_SCHEME = "PAYER_OF_OTHER_SCHEME"
    PAYER_OF_OTHER_PART = "PAYER_OF_OTHER_PART"
    # the number of the recipient
    RECIPIENT_MISSING = "RECIPIENT_MISSING"
    RECIPIENT_CHECK_DIGIT = "RECIPIENT_CHECK_DIGIT"
    RECIPIENT_UNKNOWN = "RECIPIENT_UNKNOWN"
    PERSON_HAS_OTHER_NUMBER = "PERSON_HAS_OTHER_NUMBER"
    RECIPIENT_OTHER_PERSON = "RECIPIENT_OTHER_PERSON"
    # the period
    NO_ENTITLEMENT = "NO_ENTITLEMENT"
    BEFORE_START = "BEFORE_START"
    AFTER_MOVE_OUT = "AFTER_MOVE_OUT"
    AFTER_DEATH = "AFTER_DEATH"
    AFTER_INSURANCE_LOSS = "AFTER_INSURANCE_LOSS"
    AFTER_AGE_END = "AFTER_AGE_END"
    AFTER_PUBLIC_ASSISTANCE = "AFTER_PUBLIC_ASSISTANCE"
    AFTER_INSTITUTION = "AFTER_INSTITUTION"
    AFTER_SINGLE_PARENT_END = "AFTER_SINGLE_PARENT_END"
    AFTER_OTHER_SCHEME = "AFTER_OTHER_SCHEME"
    AFTER_INCOME = "AFTER_INCOME"
    AFTER_LOSS = "AFTER_LOSS"
    RETROACTIVE_LOSS = "RETROACTIVE_LOSS"
    PARTLY_BEFORE_START = "PARTLY_BEFORE_START"
    PARTLY_AFTER_LOSS = "PARTLY_AFTER_LOSS"
    DAYS_UNKNOWN = "DAYS_UNKNOWN"
    TWO_CLASSES = "TWO_CLASSES"
    SERVICE_AFTER_BILLING = "SERVICE_AFTER_BILLING"
    TOO_OLD = "TOO_OLD"
    # what the scheme covers
    OUTSIDE_COVERAGE = "OUTSIDE_COVERAGE"
    CARE_NOT_COVERED = "CARE_NOT_COVERED"
    NO_RULE = "NO_RULE"
    NOT_IN_KIND_AREA = "NOT_IN_KIND_AREA"
    NOT_IN_KIND_INSURER = "NOT_IN_KIND_INSURER"
    INSURER_UNCONFIRMED = "INSURER_UNCONFIRMED"
    NOT_IN_KIND_CARE = "NOT_IN_KIND_CARE"
    # twice
    SAME_RECEIPT = "SAME_RECEIPT"
    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE"
    DUPLICATE_EARLIER = "DUPLICATE_EARLIER"
    NEAR_DUPLICATE_IN_FILE = "NEAR_DUPLICATE_IN_FILE"
    NEAR_DUPLICATE_EARLIER = "NEAR_DUPLICATE_EARLIER"
    ALREADY_REIMBURSED = "ALREADY_REIMBURSED"
    # other programmes
    OTHER_SCHEME_FIRST = "OTHER_SCHEME_FIRST"
    TWO_OWN_SCHEMES = "TWO_OWN_SCHEMES"
    OTHER_LOCAL_PROGRAM = "OTHER_LOCAL_PROGRAM"
    ASSISTANCE_IN_CLAIM = "ASSISTANCE_IN_CLAIM"
    NATIONAL_NOT_FIRST = "NATIONAL_NOT_FIRST"
    # amounts
    COPAY_TOO_LOW = "COPAY_TOO_LOW"
    COPAY_TOO_HIGH = "COPAY_TOO_HIGH"
    INSURANCE_SHARE_TOO_HIGH = "INSURANCE_SHARE_TOO_HIGH"
    COST_MISSING = "COST_MISSING"
    # the file, and what came back
    FILE_TOTALS_DIFFER = "FILE_TOTALS_DIFFER"
    REEXAMINED = "REEXAMINED"
    # notes
    BIRTH_DATE_DIFFERS = "BIRTH_DATE_DIFFERS"
    NAME_DIFFERS = "NAME_DIFFERS"
    SEX_DIFFERS = "SEX_DIFFERS"
    INSURER_DIFFERS = "INSURER_DIFFERS"
    NOT_INSURED_IN_REGISTER = "NOT_INSURED_IN_REGISTER"
    COPAY_IN_TENS = "COPAY_IN_TENS"
    UNCONFIRMED_RULE = "UNCONFIRMED_RULE"
    # booked later, never given by the import
    RETURNED_BY_AGENCY = "RETURNED_BY_AGENCY"

    @property
    def bit(self) -> int:
        """The reason's place in a row's integer mask; 0 for a reason that no import gives."""
        return 1 << _ORDER[self] if self in _ORDER else 0


# a row's reasons while it is worked on: 127 places. What is stored is the list of codes.
MASK = pl.Int128
_ORDER = {reason: place for place, reason in enumerate(ClaimReason) if reason != "RETURNED_BY_AGENCY"}


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """state: what the reason leads to; label: what a clerk reads; rule: what the claim was held against."""

    state: ClaimState
    label: str
    rule: str


_KO = "記録条件仕様 公費レコード(KO)"
_DIGIT = "検証番号(療養の給付及び公費負担医療に関する費用の請求に関する命令の別添)"
_TERM = "受給資格の有効期間(診療日で判定)"
_OUT, _ASK, _NOTE = ClaimState.RETURN, ClaimState.QUERY, ClaimState.ACCEPTED

# Where only one answer is possible the claim goes back at once (過誤): numbers that cannot be ours, care outside the
# entitlement, the same receipt again. Where both sides may be right a person decides (疑義): amounts, months that the
# entitlement covers in part, near duplicates, other programmes in the same claim.
INFO: dict[ClaimReason, ReasonInfo] = {
    ClaimReason.PAYER_MISSING: ReasonInfo(_OUT, "公費負担者番号の記録がありません", _KO),
    ClaimReason.PAYER_CHECK_DIGIT: ReasonInfo(_OUT, "公費負担者番号の検証番号が誤っています", _DIGIT),
    ClaimReason.PAYER_NOT_OURS: ReasonInfo(_OUT, "この市の公費負担者番号ではありません", "市の公費負担者番号の表"),
    ClaimReason.PAYER_OF_OTHER_SCHEME: ReasonInfo(
        _OUT, "別の制度の公費負担者番号で請求されています", "受給資格の公費負担者番号"
    ),
    # the city pays either way, but from another fund: a person corrects it with the institution or lets it stand
    ClaimReason.PAYER_OF_OTHER_PART: ReasonInfo(
        _ASK, "同じ制度の別区分の公費負担者番号で請求されています", "受給資格の公費負担者番号"
    ),
    ClaimReason.RECIPIENT_MISSING: ReasonInfo(_OUT, "受給者番号の記録がありません", _KO),
    ClaimReason.RECIPIENT_CHECK_DIGIT: ReasonInfo(_OUT, "受給者番号の検証番号が誤っています", _DIGIT),
    ClaimReason.RECIPIENT_UNKNOWN: ReasonInfo(_OUT, "交付していない受給者番号です", "受給者番号の台帳"),
    ClaimReason.PERSON_HAS_OTHER_NUMBER: ReasonInfo(
        _OUT, "氏名・生年月日の一致する受給者は別の受給者番号です", "受給者番号の台帳"
    ),
    # name and birth date both differ and nobody else fits: may be a marriage together with a slip of the pen
    ClaimReason.RECIPIENT_OTHER_PERSON: ReasonInfo(
        _ASK, "受給者番号の人と氏名・生年月日がともに違います(別人の疑い)", "受給者番号の台帳"
    ),
    ClaimReason.NO_ENTITLEMENT: ReasonInfo(
        _OUT, "受給者番号はありますが、受給資格の決定がありません(保留・却下・取消し)", _TERM
    ),
    ClaimReason.BEFORE_START: ReasonInfo(_OUT, "資格の開始前の診療です", _TERM),
    ClaimReason.AFTER_MOVE_OUT: ReasonInfo(_OUT, "転出による資格喪失後の診療です", _TERM),
    ClaimReason.AFTER_DEATH: ReasonInfo(_OUT, "死亡による資格喪失後の診療です", _TERM),
    ClaimReason.AFTER_INSURANCE_LOSS: ReasonInfo(_OUT, "医療保険の喪失による資格喪失後の診療です", _TERM),
    ClaimReason.AFTER_AGE_END: ReasonInfo(_OUT, "対象年齢を過ぎた後の診療です", _TERM),
    ClaimReason.AFTER_PUBLIC_ASSISTANCE: ReasonInfo(_OUT, "生活保護による資格喪失後の診療です", _TERM),
    ClaimReason.AFTER_INSTITUTION: ReasonInfo(_OUT, "施設措置・里親委託による資格喪失後の診療です", _TERM),
    ClaimReason.AFTER_SINGLE_PARENT_END: ReasonInfo(_OUT, "婚姻等によりひとり親家庭等でなくなった後の診療です", _TERM),
    ClaimReason.AFTER_OTHER_SCHEME: ReasonInfo(_OUT, "優先する他の制度に移った後の診療です", _TERM),
    ClaimReason.AFTER_INCOME: ReasonInfo(_OUT, "所得超過・所得不明による資格終了後の診療です", _TERM),
    ClaimReason.AFTER_LOSS: ReasonInfo(_OUT, "資格の終了後の診療です", _TERM),
    # the family showed a certificate that was good on that day; what happened later is not the institution's fault
    ClaimReason.RETROACTIVE_LOSS: ReasonInfo(
        _ASK, "診療日には有効だった資格が、後の所得の更正などで遡って消滅しています(遡及喪失)", _TERM
    ),
    ClaimReason.PARTLY_BEFORE_START: ReasonInfo(_ASK, "月の一部の診療日が資格の開始前です", _TERM),
    ClaimReason.PARTLY_AFTER_LOSS: ReasonInfo(_ASK, "月の一部の診療日が資格の終了後です", _TERM),
    ClaimReason.DAYS_UNKNOWN: ReasonInfo(
        _ASK, "診療日の記録がなく、資格が月の一部だけのため判定できません", "記録条件仕様 受診日等レコード(JD)"
    ),
    ClaimReason.TWO_CLASSES: ReasonInfo(_ASK, "月の途中で負担区分・財源が変わっています(請求の分割を確認)", _TERM),
    ClaimReason.SERVICE_AFTER_BILLING: ReasonInfo(_OUT, "診療年月が請求年月より後です", "記録条件仕様 診療年月"),
    ClaimReason.TOO_OLD: ReasonInfo(_OUT, "請求できる期間を過ぎた診療です", "市が定める請求期限"),
    ClaimReason.OUTSIDE_COVERAGE: ReasonInfo(_OUT, "受給資格の助成範囲(入院・通院の別)の外です", "受給資格の助成範囲"),
    ClaimReason.CARE_NOT_COVERED: ReasonInfo(_OUT, "この診療種別・年齢・負担区分は助成の対象外です", "制度の負担規則"),
    ClaimReason.NO_RULE: ReasonInfo(_ASK, "診療日に有効な負担規則がありません", "制度の負担規則"),
    ClaimReason.NOT_IN_KIND_AREA: ReasonInfo(_OUT, "現物給付の区域外の医療機関です(償還払いの対象)", "制度の給付方法"),
    ClaimReason.NOT_IN_KIND_INSURER: ReasonInfo(
        _OUT, "現物給付の対象としない保険者です(償還払いの対象)", "制度の給付方法"
    ),
    ClaimReason.INSURER_UNCONFIRMED: ReasonInfo(
        _ASK, "県外の国保組合です。現物給付とする組合の保険者番号が未確認のため判定できません", "制度の給付方法"
    ),
    ClaimReason.NOT_IN_KIND_CARE: ReasonInfo(_OUT, "償還払いだけの診療です", "制度の給付方法"),
    # 過誤 by the search number would take back the first copy as well
    ClaimReason.SAME_RECEIPT: ReasonInfo(
        _ASK, "同じ検索番号・レセプト番号のレセプトが重ねて届いています", "重複請求の点検"
    ),
    ClaimReason.DUPLICATE_IN_FILE: ReasonInfo(_OUT, "同じファイルに同じ請求があります", "重複請求の点検"),
    ClaimReason.DUPLICATE_EARLIER: ReasonInfo(_OUT, "以前のファイルに同じ請求があります", "重複請求の点検"),
    ClaimReason.NEAR_DUPLICATE_IN_FILE: ReasonInfo(
        _ASK, "同じファイルに、点数か日数だけが違う請求があります", "重複請求の点検"
    ),
    ClaimReason.NEAR_DUPLICATE_EARLIER: ReasonInfo(
        _ASK, "以前のファイルに、点数か日数だけが違う請求があります", "重複請求の点検"
    ),
    ClaimReason.ALREADY_REIMBURSED: ReasonInfo(_ASK, "同じ診療を償還払いで支給しています", "二重支給の点検"),
    ClaimReason.OTHER_SCHEME_FIRST: ReasonInfo(_ASK, "優先する他の制度の受給資格があります", "制度の優先順位"),
    ClaimReason.TWO_OWN_SCHEMES: ReasonInfo(_ASK, "市の二つの制度が併記されています", "制度の優先順位"),
    ClaimReason.OTHER_LOCAL_PROGRAM: ReasonInfo(_ASK, "他の団体の地方単独公費が併記されています", "公費の併用"),
    ClaimReason.ASSISTANCE_IN_CLAIM: ReasonInfo(_ASK, "生活保護の公費が併記されています", "除外事由(生活保護)"),
    ClaimReason.NATIONAL_NOT_FIRST: ReasonInfo(_ASK, "国の公費が市の公費より後に記録されています", "国公費の優先"),
    ClaimReason.COPAY_TOO_LOW: ReasonInfo(
        _ASK, "窓口負担額が計算した一部負担金より少なくなっています", "制度の負担規則"
    ),
    ClaimReason.COPAY_TOO_HIGH: ReasonInfo(
        _ASK, "窓口負担額が計算した一部負担金より多くなっています", "制度の負担規則"
    ),
    ClaimReason.INSURANCE_SHARE_TOO_HIGH: ReasonInfo(
        _ASK, "保険の負担金額が総医療費と給付割合から計算した額より多くなっています", "健康保険法74条・75条"
    ),
    ClaimReason.COST_MISSING: ReasonInfo(_ASK, "合計点数(金額)の記録がないか0です", "記録条件仕様 保険者レコード(HO)"),
    ClaimReason.FILE_TOTALS_DIFFER: ReasonInfo(
        _ASK,
        "ファイルの合計が明細と合いません(ファイルの承認を待っています)",
        "記録条件仕様 診療報酬請求書レコード(GO)",
    ),
    ClaimReason.REEXAMINED: ReasonInfo(
        _ASK, "再審査で点数が変わりました(前のレセプトは戻入れ済み)", "再審査等結果(SAH)"
    ),
    ClaimReason.BIRTH_DATE_DIFFERS: ReasonInfo(_NOTE, "生年月日が台帳と違います", "住民情報"),
    ClaimReason.NAME_DIFFERS: ReasonInfo(_NOTE, "氏名が台帳と違います", "住民情報"),
    ClaimReason.SEX_DIFFERS: ReasonInfo(_NOTE, "性別が台帳と違います", "住民情報"),
    ClaimReason.INSURER_DIFFERS: ReasonInfo(_NOTE, "保険者番号が台帳と違います", "医療保険の資格"),
    ClaimReason.NOT_INSURED_IN_REGISTER: ReasonInfo(
        _NOTE, "診療日の医療保険の資格が台帳にありません", "医療保険の資格"
    ),
    ClaimReason.COPAY_IN_TENS: ReasonInfo(
        _NOTE, "窓口負担額が円単位でなく10円単位で記録されています(その額を差し引いて決定)", "現物給付の端数の規則"
    ),
    ClaimReason.UNCONFIRMED_RULE: ReasonInfo(_NOTE, "未確認の規則のまま計算しました", "制度の負担規則"),
    ClaimReason.RETURNED_BY_AGENCY: ReasonInfo(_OUT, "審査支払機関・保険者から返戻されました", "返戻(HEN)"),
}


def _bits(state: ClaimState) -> int:
    return sum(reason.bit for reason, info in INFO.items() if info.state is state)


RETURN_MASK = _bits(ClaimState.RETURN)
QUERY_MASK = _bits(ClaimState.QUERY)


def claim_reason_label(code: ClaimReason | str) -> str:
    """The Japanese words of a reason code. Raises ValueError for an unknown code."""
    return INFO[ClaimReason(code)].label


def flag(condition: pl.Expr, reason: ClaimReason) -> pl.Expr:
    """A MASK expression: the reason's bit where the condition holds, 0 elsewhere (also where it is null)."""
    return pl.when(condition).then(bits(reason.bit)).otherwise(bits(0))


def bits(mask: int) -> pl.Expr:
    """A mask as a literal of the type MASK: a bare int would be an Int64."""
    return pl.lit(mask, dtype=MASK)


def has_any(mask: int, column: str = "mask") -> pl.Expr:
    """Whether a row has one of the mask's reasons."""
    return pl.col(column) & bits(mask) != 0


def state_expr(mask: pl.Expr) -> pl.Expr:
    """The state that a mask of reasons leads to."""
    returned = pl.when(mask & bits(RETURN_MASK) != 0).then(pl.lit(ClaimState.RETURN.value))
    asked = returned.when(mask & bits(QUERY_MASK) != 0).then(pl.lit(ClaimState.QUERY.value))
    return asked.otherwise(pl.lit(ClaimState.ACCEPTED.value))


def codes_of(mask: int) -> list[ClaimReason]:
    """The reasons of a mask, in order."""
    return [reason for reason in ClaimReason if mask & reason.bit]


def reasons_series(mask: pl.Series) -> pl.Series:
    """Masks as lists of codes. Few masks differ, so only the distinct ones are spelt out."""
    distinct = mask.unique().sort()
    words = pl.Series([[code.value for code in codes_of(value)] for value in distinct], dtype=pl.List(pl.String))
    table = pl.DataFrame({"mask": distinct, "reasons": words})
    keys = pl.DataFrame({"mask": mask})
    return keys.join(table, on="mask", how="left", maintain_order="left").get_column("reasons")
