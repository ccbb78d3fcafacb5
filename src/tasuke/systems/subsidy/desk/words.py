"""Codes as the desk reads them."""

from tasuke.formats.nhi_feed import INSURANCE_KINDS, INSURED_RELATIONS
from tasuke.schemes.reasons import ReasonCode, reason_label
from tasuke.systems.subsidy.certificates.models import CertificateKind, NoticeKind

RESIDENT_STATES = {"1": "住民", "2": "転出", "3": "死亡", "8": "住登外", "9": "消除"}
SEX = {"1": "男", "2": "女"}
TAX = {"1": "非課税", "2": "均等割のみ", "3": "課税", "4": "未申告"}
COVERAGE = {"both": "入院・通院", "inpatient": "入院のみ", "outpatient_only": "通院のみ"}
ROLES = {"child": "児童", "parent": "父または母", "caregiver": "養育者", "self": "本人"}
APPLICATION_KINDS = {"1": "新規", "2": "保険の変更", "3": "口座の変更", "4": "喪失", "5": "生計維持者等の変更"}
APPLICATION_STATES = {
    "draft": ("照合待ち", "warn"),
    "received": ("審査待ち", "warn"),
    "held": ("保留", "warn"),
    "decided": ("決定済み", "good"),
    "applied": ("反映済み", "good"),
    "withdrawn": ("取下げ", "plain"),
    "taken_over": ("移行前に処理済み", "plain"),
}
OUTCOMES = {
    "eligible": ("該当", "good"),
    "rejected": ("非該当", "bad"),
    "pending": ("保留", "warn"),
    "lost": ("喪失", "plain"),
}
CERTIFICATE_STATES = {
    "issued": ("交付済み", "good"),
    "recall": ("返還依頼", "warn"),
    "returned": ("返還済み", "plain"),
    "replaced": ("差替え済み", "plain"),
}
IDENTITY_RESULTS = {
    "same": ("番号の照合済み", "good"),
    "different": ("番号が違う", "bad"),
    "unregistered": ("番号の登録なし", "warn"),
}
CERTIFICATE_KINDS = dict(CertificateKind.choices)
NOTICE_KINDS = dict(NoticeKind.choices)
REIMBURSEMENT_OUTCOMES = {"granted": ("支給", "good"), "rejected": ("不支給", "bad")}
WELFARE = {
    "10": "生活保護",
    "20": "児童福祉施設措置",
    "21": "里親等委託",
    "30": "身体障害者手帳",
    "31": "療育手帳",
    "32": "精神障害者保健福祉手帳",
    "40": "児童扶養手当",
    "50": "中程度以上の障害",
    "60": "高校等在学",
    "70": "被扶養(18～20歳)",
}
RELATIONS = {
    "breadwinner": "生計維持者",
    "spouse": "配偶者",
    "supporter": "扶養義務者",
    "applicant": "申請者",
    "child": "養育する児童",
}
ACCOUNT_KINDS = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
INSURANCE = dict(INSURANCE_KINDS)
INSURED = dict(INSURED_RELATIONS)


def reason(code: str) -> str:
    """Words of a reason code; what was written in words by hand stands as it is."""
    return reason_label(code) if code in set(ReasonCode) else code
