"""税情報: one row per person and 課税年度 (income of the year before). Fields: schemes.md A-3, B-3 (控除, 人的加算)."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

TAX_STATUSES = {"1": "非課税", "2": "均等割のみ", "3": "課税", "4": "未申告"}
MONEY_COLUMNS = (
    "gross_income",
    "total_income",
    "salary_income",
    "pension_income",
    "deduction_casualty",
    "deduction_medical",
    "deduction_small_business",
    "deduction_spouse_special",
    "income_levy",
    "per_capita_levy",
)


def _yen(name: str, label: str, *, note: str = "", example: str = "0") -> Field:
    return Field(name, label, Kind.INT, required=False, note=note, example=example)


def _count(name: str, label: str, *, note: str = "", example: str = "0") -> Field:
    return Field(name, label, Kind.INT, required=False, maximum=99, note=note, example=example)


def _flag(name: str, label: str, *, note: str = "") -> Field:
    return Field(name, label, Kind.FLAG, required=False, note=note, example="0")


_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234553"),
    Field(
        "tax_year",
        "課税年度",
        Kind.INT,
        minimum=1990,
        maximum=2199,
        note="西暦。所得の年はこの前年（2026年度は2025年分の所得）",
        example="2026",
    ),
    Field("status_code", "課税区分", Kind.CODE, codes=TAX_STATUSES, example="3"),
    _yen("gross_income", "収入金額", note="給与・年金などの収入の合計", example="5200000"),
    _yen("total_income", "総所得金額等", example="3720000"),
    _yen("salary_income", "給与所得", example="3720000"),
    _yen("pension_income", "公的年金等雑所得"),
    _yen("deduction_casualty", "雑損控除額"),
    _yen("deduction_medical", "医療費控除額", example="35000"),
    _yen("deduction_small_business", "小規模企業共済等掛金控除額"),
    _yen("deduction_spouse_special", "配偶者特別控除額"),
    _count("disabled_count", "障害者控除_人数", note="特別障害者を除く"),
    _count("special_disabled_count", "特別障害者控除_人数"),
    _flag("widow", "寡婦控除"),
    _flag("single_parent", "ひとり親控除"),
    _flag("working_student", "勤労学生控除"),
    _count("dependents", "扶養親族等の数", note="同一生計配偶者を含む", example="2"),
    _count("dependents_elderly", "老人扶養の数", note="70歳以上。同一生計配偶者を含む。扶養親族等の数の内数"),
    _flag("elderly_spouse", "老人同一生計配偶者", note="70歳以上の同一生計配偶者があれば1"),
    _count("dependents_specific", "特定扶養の数", note="19〜22歳。内数"),
    _count("dependents_16_18", "16〜18歳扶養の数", note="内数"),
    _yen("income_levy", "所得割額", example="145000"),
    _yen("per_capita_levy", "均等割額", example="5000"),
    Field(
        "jan1_municipality",
        "1月1日市区町村コード",
        Kind.DIGITS,
        required=False,
        lengths=(6,),
        check=NumberKind.MUNICIPALITY,
        note="課税年度の1月1日に住所があった市区町村",
        example="141305",
    ),
    Field("declared_on", "申告年月日", Kind.DATE, required=False, example="2026-02-20"),
    Field("corrected", "更正区分", Kind.FLAG, note="所得更正の行は1", example="0"),
    Field("corrected_on", "更正年月日", Kind.DATE, required=False),
)

_ASSESSED = pl.col("status_code") != "4"
_SUBSET = sum(
    (pl.col(name).fill_null(0) for name in ("dependents_elderly", "dependents_specific", "dependents_16_18")),
    start=pl.lit(0),
)

_RULES = (
    Rule(
        "money_undeclared",
        "status_code",
        "課税区分が未申告（4）ですが、金額が書かれています。未申告のときは金額を空にしてください。",
        ~_ASSESSED & pl.any_horizontal([pl.col(name).is_not_null() for name in MONEY_COLUMNS]),
    ),
    Rule(
        "income_missing",
        "total_income",
        "課税区分が未申告（4）ではありませんが、総所得金額等がありません。",
        _ASSESSED & pl.col("total_income").is_null(),
    ),
    Rule(
        "levy_contradicts_status",
        "income_levy",
        "課税区分と所得割額が合っていません。所得割額があるのは課税（3）だけです。",
        pl.col("status_code").is_in(["1", "2"]) & (pl.col("income_levy") > 0),
    ),
    Rule(
        "per_capita_contradicts_status",
        "per_capita_levy",
        "課税区分が非課税（1）ですが、均等割額があります。",
        (pl.col("status_code") == "1") & (pl.col("per_capita_levy") > 0),
    ),
    Rule(
        "levy_missing",
        "income_levy",
        "課税区分が課税（3）ですが、所得割額が0円か空です。",
        (pl.col("status_code") == "3") & (pl.col("income_levy").fill_null(0) == 0),
        Severity.WARNING,
    ),
    Rule(
        "dependents_subset",
        "dependents",
        "老人扶養・特定扶養・16〜18歳扶養の合計が、扶養親族等の数より多くなっています。",
        pl.col("dependents").fill_null(0) < _SUBSET,
    ),
    Rule(
        "widow_and_single_parent",
        "widow",
        "寡婦控除とひとり親控除の両方が付いています。税法では一方だけです。",
        pl.col("widow") & pl.col("single_parent"),
        Severity.WARNING,
    ),
    Rule(
        "correction_date_without_flag",
        "corrected_on",
        "更正年月日がありますが、更正区分が0です。",
        pl.col("corrected_on").is_not_null() & ~pl.col("corrected"),
    ),
    Rule(
        "correction_date_missing",
        "corrected_on",
        "更正区分が1ですが、更正年月日がありません。",
        pl.col("corrected") & pl.col("corrected_on").is_null(),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="tax_feed",
    title="税情報",
    version="1.0",
    purpose="個人住民税から、所得判定に使う所得・控除・扶養を受け取る。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(
            ("atena_no", "tax_year", "corrected", "corrected_on"),
            "同じ人・同じ課税年度の行が前にもあります。先の行を使います。",
        ),
    ),
    rules=_RULES,
    notes=(
        "金額は円。総所得金額等が負になるときは0と書く。",
        "課税区分が4（未申告）の行は、金額の項目をすべて空にする。0円と未申告は別のことである。",
        "所得更正は、更正区分を1にした行を足す。更正前の行を書き換えない。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 税情報 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
