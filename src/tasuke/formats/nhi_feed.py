"""国保・後期資格: one row per person and membership of an insurer, with acquisition and loss (formats.md §5)."""

import polars as pl

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

INSURANCE_KINDS = {
    "1": "国保",
    "2": "国保組合",
    "3": "協会けんぽ",
    "4": "健保組合",
    "5": "共済",
    "6": "後期高齢",
    "7": "船員",
    "9": "その他",
}
INSURED_RELATIONS = {"1": "本人・世帯主", "2": "家族"}
BENEFIT_RATES = (70, 80, 90)
# 法別番号 that open an 8-digit insurer number, by kind (国保 has 6 digits, or 00 / 67 in front)
_LAW_PREFIXES = {
    "3": ("01", "03", "04"),
    "4": ("06", "63"),
    "5": ("31", "32", "33", "34", "72", "73", "74", "75"),
    "6": ("39",),
    "7": ("02",),
}

_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
    Field("insurance_kind", "保険種別", Kind.CODE, codes=INSURANCE_KINDS, example="1"),
    Field(
        "insurer_no",
        "保険者番号",
        Kind.DIGITS,
        lengths=(6, 8),
        check=NumberKind.INSURER,
        note="検証番号を含む6桁（国保）か8桁",
        example="138057",
    ),
    Field("symbol", "記号", Kind.TEXT, required=False, max_length=38, note="後期高齢は空", example="札国"),
    Field("number", "番号", Kind.TEXT, max_length=38, example="1234567"),
    Field("branch_no", "枝番", Kind.DIGITS, required=False, lengths=(2,), example="02"),
    Field("insured_relation", "本人家族区分", Kind.CODE, codes=INSURED_RELATIONS, example="2"),
    Field("acquired_on", "資格取得年月日", Kind.DATE, example="2019-05-01"),
    Field("lost_on", "資格喪失年月日", Kind.DATE, required=False, note="資格がなくなった最初の日"),
    Field("benefit_rate", "給付割合", Kind.INT, values=BENEFIT_RATES, note="百分率", example="80"),
    Field(
        "limit_class",
        "限度額適用区分",
        Kind.TEXT,
        required=False,
        max_length=10,
        note="ア・イ・ウ・エ・オ、現役並みⅠなど、券面の表記",
        example="ウ",
    ),
)

_WRONG_PREFIX = pl.any_horizontal(
    [
        (pl.col("insurance_kind") == kind) & ~pl.col("insurer_no").str.slice(0, 2).is_in(list(prefixes))
        for kind, prefixes in _LAW_PREFIXES.items()
    ]
)

_RULES = (
    Rule(
        "lost_before_acquired",
        "lost_on",
        "資格喪失年月日が資格取得年月日以前です。",
        pl.col("lost_on") <= pl.col("acquired_on"),
    ),
    Rule(
        "insurer_kind",
        "insurer_no",
        "保険種別と保険者番号の法別番号（先頭2桁）が合っていません。",
        _WRONG_PREFIX,
        Severity.WARNING,
    ),
    Rule(
        "elderly_dependent",
        "insured_relation",
        "後期高齢者医療には家族の区分がありません。",
        (pl.col("insurance_kind") == "6") & (pl.col("insured_relation") == "2"),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="nhi_feed",
    title="国保・後期資格",
    version="1.0",
    purpose="国民健康保険・後期高齢者医療などの資格の取得と喪失を受け取る。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(
            ("atena_no", "insurer_no", "symbol", "number", "branch_no", "acquired_on", "lost_on"),
            "同じ資格の行が前にもあります。先の行を使います。",
        ),
    ),
    rules=_RULES,
    notes=(
        "資格喪失年月日は、資格がなくなった最初の日（最後の日の翌日）である。続いているときは空にする。",
        "記号・番号は券面のとおりに書く。全角と半角を1つの項目の中で混ぜない。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 国保・後期資格 file (columns: `line` and those of LAYOUT) and what is wrong; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
