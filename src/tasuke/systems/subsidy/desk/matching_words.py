"""突合 (SUB-16): the kinds of findings, their words, and who of a form a person is."""

from enum import StrEnum


class MatchKind(StrEnum):
    """What was compared. The first group is the household, the second what else the city holds."""

    UNKNOWN_PERSON = "unknown_person"
    NOT_RESIDENT = "not_resident"
    APART = "apart"
    NOT_ON_FORM = "not_on_form"
    PARTNER = "partner"
    MOVED_SINCE = "moved_since"
    NAME = "name"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    RELATIONSHIP = "relationship"

    INCOME = "income"
    PUBLIC_ASSISTANCE = "public_assistance"
    CARE = "care"
    OTHER_SCHEME = "other_scheme"
    SAME_SCHEME = "same_scheme"
    INSURANCE = "insurance"

    @property
    def label(self) -> str:
        """The kind in Japanese."""
        return KIND_WORDS[self]


KIND_WORDS: dict[str, str] = {
    MatchKind.UNKNOWN_PERSON: "住基にいない人",
    MatchKind.NOT_RESIDENT: "住民でない人",
    MatchKind.APART: "世帯が別の人",
    MatchKind.NOT_ON_FORM: "世帯にいて申請にない人",
    MatchKind.PARTNER: "配偶者にあたる人が同じ世帯にいる",
    MatchKind.MOVED_SINCE: "受付の後の異動",
    MatchKind.NAME: "氏名",
    MatchKind.BIRTH_DATE: "生年月日",
    MatchKind.ADDRESS: "住所",
    MatchKind.RELATIONSHIP: "続柄",
    MatchKind.INCOME: "所得",
    MatchKind.PUBLIC_ASSISTANCE: "生活保護",
    MatchKind.CARE: "施設措置・里親委託",
    MatchKind.OTHER_SCHEME: "他制度の資格",
    MatchKind.SAME_SCHEME: "この制度の資格",
    MatchKind.INSURANCE: "医療保険",
}
HOUSEHOLD = (
    MatchKind.UNKNOWN_PERSON,
    MatchKind.NOT_RESIDENT,
    MatchKind.APART,
    MatchKind.NOT_ON_FORM,
    MatchKind.PARTNER,
    MatchKind.MOVED_SINCE,
    MatchKind.NAME,
    MatchKind.BIRTH_DATE,
    MatchKind.ADDRESS,
    MatchKind.RELATIONSHIP,
)
# in the order in which a form names them
PART_WORDS = {
    "applicant": "申請者",
    "target": "対象者",
    "together": "同時に申請した人",
    "breadwinner": "生計維持者",
    "spouse": "配偶者",
    "supporter": "扶養義務者",
    "child": "養育する児童",
    "parent": "養育する父母等",
}
