"""申請・届出: one row per application and 対象者, from the counter, the post or the electronic intake."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule
from tasuke.formats.csv_layout.account import ACCOUNT_COLUMNS, ACCOUNT_FIELDS, ACCOUNT_RULES
from tasuke.formats.nhi_feed import BENEFIT_RATES, INSURANCE_KINDS, INSURED_RELATIONS

APPLICATION_KINDS = {"1": "新規", "2": "保険変更", "3": "口座変更", "4": "喪失", "5": "生計維持者・扶養義務者変更"}
CHANNELS = {"1": "窓口", "2": "郵送", "3": "電子"}
REASONS = {
    "1": "出生",
    "2": "転入",
    "3": "保険加入",
    "4": "制度改正",
    "5": "離婚・ひとり親",
    "6": "障害認定",
    "9": "その他",
}
ROLES = {"1": "児童", "2": "父または母", "3": "養育者", "4": "本人"}
# schemes.md B-2 ①–⑨
SINGLE_PARENT_REASONS = {
    "1": "死亡",
    "2": "婚姻解消",
    "3": "父または母の障害",
    "4": "生死不明",
    "5": "遺棄1年以上",
    "6": "DV保護命令",
    "7": "拘禁1年以上",
    "8": "婚姻によらない出生",
    "9": "父母とも不明（孤児等）",
}


def _atena(name: str, label: str, *, required: bool = False, note: str = "", example: str = "") -> Field:
    return Field(name, label, Kind.DIGITS, required=required, max_length=15, note=note, example=example)


_WHO = (
    Field("application_no", "申請番号", Kind.TEXT, max_length=30, example="A2026-000123"),
    Field(
        "scheme",
        "制度",
        Kind.TEXT,
        max_length=40,
        pattern="[a-z0-9-]+",
        pattern_hint="制度の識別名（半角の英小文字・数字・ハイフン）",
        example="kawasaki-hitorioya",
    ),
    Field("kind", "申請種別", Kind.CODE, codes=APPLICATION_KINDS, example="1"),
    Field("received_on", "受付年月日", Kind.DATE, example="2026-05-11"),
    Field("channel", "受付経路", Kind.CODE, codes=CHANNELS, example="1"),
    Field("reason", "申請理由", Kind.CODE, codes=REASONS, example="5"),
    Field("event_date", "事由発生年月日", Kind.DATE, example="2026-04-20"),
    _atena("applicant_atena_no", "申請者_宛名番号", required=True, example="000000010234553"),
    _atena("person_atena_no", "対象者_宛名番号", required=True, note="対象者1人に1行", example="000000010234561"),
    Field("role", "対象者_立場", Kind.CODE, codes=ROLES, example="1"),
    _atena("breadwinner_atena_no", "生計維持者_宛名番号", example="000000010234553"),
    _atena("spouse_atena_no", "配偶者_宛名番号"),
    Field(
        "supporter_atena_nos",
        "扶養義務者_宛名番号",
        Kind.DIGITS_LIST,
        required=False,
        max_length=400,
        note="2人以上は;で区切る",
    ),
    Field(
        "child_atena_nos",
        "養育する児童_宛名番号",
        Kind.DIGITS_LIST,
        required=False,
        max_length=400,
        note="立場が2・3のとき。2人以上は;で区切る",
    ),
    Field("single_parent_reason", "ひとり親_理由", Kind.CODE, required=False, codes=SINGLE_PARENT_REASONS, example="2"),
    Field("single_parent_since", "ひとり親_事由発生年月日", Kind.DATE, required=False, example="2026-04-20"),
    Field("de_facto_spouse", "事実婚", Kind.FLAG, note="事実上の婚姻関係があれば1", example="0"),
    Field("child_support", "養育費_年額", Kind.INT, required=False, note="円", example="360000"),
)

_INSURANCE = (
    Field("insurance_kind", "保険種別", Kind.CODE, required=False, codes=INSURANCE_KINDS, example="3"),
    Field(
        "insurer_no",
        "保険者番号",
        Kind.DIGITS,
        required=False,
        lengths=(6, 8),
        check=NumberKind.INSURER,
        note="検証番号を含む6桁（国保）か8桁",
        example="12345674",
    ),
    Field("symbol", "記号", Kind.TEXT, required=False, max_length=38, example="12345678"),
    Field("number", "番号", Kind.TEXT, required=False, max_length=38, example="123"),
    Field("branch_no", "枝番", Kind.DIGITS, required=False, lengths=(2,), example="01"),
    _atena("insured_atena_no", "被保険者_宛名番号", example="000000010234553"),
    Field("insured_relation", "本人家族区分", Kind.CODE, required=False, codes=INSURED_RELATIONS, example="2"),
    Field("insured_on", "保険資格取得年月日", Kind.DATE, required=False, example="2026-04-01"),
    Field("benefit_rate", "給付割合", Kind.INT, required=False, values=BENEFIT_RATES, note="百分率", example="70"),
)

_REST = (
    Field("public_account", "公金受取口座", Kind.FLAG, note="公金受取口座を使うときは1", example="0"),
    Field("loss_reason", "喪失理由", Kind.TEXT, required=False, max_length=100),
    Field("missing_documents", "不足書類", Kind.TEXT, required=False, max_length=400),
    Field("note", "備考", Kind.TEXT, required=False, max_length=400),
)

_HAS_ACCOUNT = pl.any_horizontal([pl.col(name).is_not_null() for name in ACCOUNT_COLUMNS])

_RULES = (
    *ACCOUNT_RULES,
    Rule(
        "account_missing",
        "account_no",
        "口座変更ですが、口座も公金受取口座の指定もありません。",
        (pl.col("kind") == "3") & ~_HAS_ACCOUNT & ~pl.col("public_account"),
    ),
    Rule(
        "two_accounts",
        "public_account",
        "公金受取口座の指定と口座の両方があります。どちらを使うか確認してください。",
        pl.col("public_account") & _HAS_ACCOUNT,
        Severity.WARNING,
    ),
    Rule(
        "insurance_missing",
        "insurer_no",
        "保険変更ですが、保険者番号・番号・保険資格取得年月日がそろっていません。",
        (pl.col("kind") == "2")
        & pl.any_horizontal([pl.col(name).is_null() for name in ("insurer_no", "number", "insured_on")]),
    ),
    Rule(
        "insurance_incomplete",
        "number",
        "保険者番号と番号は、両方書くか両方空にしてください。",
        pl.col("insurer_no").is_null() != pl.col("number").is_null(),
    ),
    Rule(
        "loss_reason_missing",
        "loss_reason",
        "喪失の届出ですが、喪失理由がありません。",
        (pl.col("kind") == "4") & pl.col("loss_reason").is_null(),
        Severity.WARNING,
    ),
    Rule(
        "children_missing",
        "child_atena_nos",
        "対象者が父母・養育者の新規申請ですが、養育する児童がありません。",
        (pl.col("kind") == "1") & pl.col("role").is_in(["2", "3"]) & pl.col("child_atena_nos").is_null(),
        Severity.WARNING,
    ),
    Rule(
        "children_of_other_role",
        "child_atena_nos",
        "養育する児童を書くのは、対象者が父母・養育者のときだけです。",
        ~pl.col("role").is_in(["2", "3"]) & pl.col("child_atena_nos").is_not_null(),
        Severity.WARNING,
    ),
    Rule(
        "single_parent_incomplete",
        "single_parent_since",
        "ひとり親の理由と事由発生年月日は、両方書くか両方空にしてください。",
        pl.col("single_parent_reason").is_null() != pl.col("single_parent_since").is_null(),
        Severity.WARNING,
    ),
    Rule(
        "event_after_receipt",
        "event_date",
        "事由発生年月日が受付年月日より後です。",
        # a change of the law (4) is applied for before it comes into force
        (pl.col("event_date") > pl.col("received_on")) & (pl.col("reason") != "4"),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="application_feed",
    title="申請・届出",
    version="1.0",
    purpose="窓口・郵送・電子で受け付けた申請と届出を受け取る。",
    fields=(*_WHO, *_INSURANCE, *ACCOUNT_FIELDS, *_REST),
    keys=(
        Key(
            ("application_no", "scheme", "person_atena_no"),
            "同じ申請の同じ対象者の行が前にもあります。先の行を使います。",
        ),
    ),
    rules=_RULES,
    notes=(
        "1つの申請に対象者が2人以上あれば、同じ申請番号で対象者ごとに1行を書く。",
        "個人番号は書かない。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 申請・届出 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
