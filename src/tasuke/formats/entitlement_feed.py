"""移行する受給資格: what an old system says of entitlements in force, one row per person, scheme and period."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.application_feed import ROLES, SINGLE_PARENT_REASONS
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

COVERAGES = {"both": "入院・通院", "inpatient": "入院のみ", "outpatient_only": "通院のみ"}
FUNDINGS = {"prefecture": "都道府県補助対象", "city": "市単独", "unknown": "不明"}
_NAME = "[a-z0-9_-]+"
_NAME_HINT = "制度の定義にある名前（半角の英小文字・数字・ハイフン・下線）"


def _atena(name: str, label: str, *, required: bool = False, note: str = "", example: str = "") -> Field:
    return Field(name, label, Kind.DIGITS, required=required, max_length=15, note=note, example=example)


def _people(name: str, label: str, note: str) -> Field:
    return Field(name, label, Kind.DIGITS_LIST, required=False, max_length=400, note=note)


def _named(name: str, label: str, *, required: bool = True, example: str = "") -> Field:
    return Field(
        name,
        label,
        Kind.TEXT,
        required=required,
        max_length=40,
        pattern=_NAME,
        pattern_hint=_NAME_HINT,
        example=example,
    )


_FIELDS = (
    Field("seq", "連番", Kind.INT, note="1からの通し番号", example="1"),
    _named("scheme", "制度", example="kawasaki-hitorioya"),
    _atena("atena_no", "受給者_宛名番号", required=True, example="000000010234561"),
    Field(
        "recipient_no",
        "受給者番号",
        Kind.DIGITS,
        max_length=30,
        note="証に印刷した番号。検証番号を含む。付け直さない",
        example="0000018",
    ),
    Field("payer_no", "公費負担者番号", Kind.DIGITS, lengths=(8,), check=NumberKind.PAYER, example="81149015"),
    Field("role", "受給者_立場", Kind.CODE, codes=ROLES, example="1"),
    Field("valid_from", "資格開始年月日", Kind.DATE, example="2024-04-01"),
    Field(
        "valid_to", "資格終了年月日", Kind.DATE, required=False, note="その日を含む最後の日。決まっていないときは空",
        example="2027-03-31",
    ),
    _named("band", "年齢区分", required=False, example="child"),
    Field("coverage", "助成範囲", Kind.CODE, codes=COVERAGES, example="both"),
    _named("copay_class", "負担区分", required=False, example="none"),
    Field("funding", "財源", Kind.CODE, codes=FUNDINGS, example="prefecture"),
    Field("certificate_issued_on", "証_交付年月日", Kind.DATE, required=False, example="2025-12-15"),
    Field("certificate_from", "証_有効開始年月日", Kind.DATE, required=False, example="2026-01-01"),
    Field(
        "certificate_until", "証_有効終了年月日", Kind.DATE, required=False, note="その日を含む最後の日",
        example="2026-12-31",
    ),
    _atena("applicant_atena_no", "申請者_宛名番号", note="保護者など、通知の宛先", example="000000010234553"),
    _atena("breadwinner_atena_no", "生計維持者_宛名番号", example="000000010234553"),
    _atena("spouse_atena_no", "配偶者_宛名番号"),
    _people("supporter_atena_nos", "扶養義務者_宛名番号", "2人以上は;で区切る"),
    _people("child_atena_nos", "養育する児童_宛名番号", "立場が2・3のとき。2人以上は;で区切る"),
    Field("single_parent_reason", "ひとり親_理由", Kind.CODE, required=False, codes=SINGLE_PARENT_REASONS, example="2"),
    Field("single_parent_since", "ひとり親_事由発生年月日", Kind.DATE, required=False, example="2024-03-20"),
    Field("child_support", "養育費_年額", Kind.INT, required=False, note="円"),
    Field("note", "備考", Kind.TEXT, required=False, max_length=400),
)  # fmt: skip
_CERTIFICATE = ("certificate_issued_on", "certificate_from")

_RULES = (
    Rule(
        "ended_before_start",
        "valid_to",
        "資格終了年月日が資格開始年月日より前です。",
        pl.col("valid_to") < pl.col("valid_from"),
    ),
    Rule(
        "certificate_incomplete",
        "certificate_issued_on",
        "証の交付年月日と有効開始年月日は、両方書くか両方空にしてください。",
        pl.col(_CERTIFICATE[0]).is_null() != pl.col(_CERTIFICATE[1]).is_null(),
    ),
    Rule(
        "certificate_ended_before_start",
        "certificate_until",
        "証の有効終了年月日が有効開始年月日より前です。",
        pl.col("certificate_until") < pl.col("certificate_from"),
    ),
    Rule(
        "single_parent_incomplete",
        "single_parent_since",
        "ひとり親の理由と事由発生年月日は、両方書くか両方空にしてください。",
        pl.col("single_parent_reason").is_null() != pl.col("single_parent_since").is_null(),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="entitlement_feed",
    title="移行する受給資格",
    version="1.0",
    purpose="前のシステムの受給資格と受給者番号を、そのまま引き継ぐ。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(
            ("scheme", "atena_no", "valid_from"), "同じ人・同じ制度・同じ開始日の行が前にもあります。先の行を使います。"
        ),
    ),
    rules=_RULES,
    notes=(
        "資格と証の終了年月日は、その日を含む最後の日である。",
        "引き継ぐ日に有効な資格と、後の決定に要る過去の資格を書く。医療保険、口座、所得は、ほかの連携と申請の履歴で渡す。",
        "個人番号は書かない。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 移行 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
