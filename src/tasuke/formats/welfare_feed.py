"""福祉情報: facts that the schemes look at (手帳, 生活保護, 施設措置, 児童扶養手当, 在学 …), each with its period."""

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

FACTS = {
    "10": "生活保護",
    "20": "児童福祉施設措置",
    "21": "里親・小規模住居型委託",
    "30": "身体障害者手帳",
    "31": "療育手帳",
    "32": "精神障害者保健福祉手帳",
    "40": "児童扶養手当",
    "50": "中程度以上の障害（児童扶養手当法施行令別表第1）",
    "60": "高校等在学",
    "70": "被扶養（18〜20歳）",
}
_GRADES = {"30": "^[1-7]N?$", "31": "^[AB]$", "32": "^[1-3]$"}

_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
    Field("fact_code", "福祉事実コード", Kind.CODE, codes=FACTS, example="30"),
    Field(
        "grade",
        "等級",
        Kind.TEXT,
        required=False,
        max_length=4,
        pattern="[0-9A-Z]+",
        pattern_hint="半角の英大文字と数字",
        note="30は1〜7（内部障害は後ろにN）、31はAかB、32は1〜3。ほかは空",
        example="3N",
    ),
    Field("valid_from", "開始年月日", Kind.DATE, example="2025-06-01"),
    Field("valid_to", "終了年月日", Kind.DATE, required=False, note="その日を含む最後の日。続いているときは空"),
    Field("note", "備考", Kind.TEXT, required=False, max_length=400),
)

_RULES = (
    Rule(
        "ended_before_start",
        "valid_to",
        "終了年月日が開始年月日より前です。",
        pl.col("valid_to") < pl.col("valid_from"),
    ),
    Rule(
        "grade_missing",
        "grade",
        "手帳（30・31・32）ですが、等級がありません。",
        pl.col("fact_code").is_in(list(_GRADES)) & pl.col("grade").is_null(),
    ),
    Rule(
        "grade_unknown",
        "grade",
        "等級が手帳の種類に合っていません。30は1〜7（内部障害はN付き）、31はAかB、32は1〜3です。",
        pl.any_horizontal(
            [
                (pl.col("fact_code") == code) & ~pl.col("grade").str.contains(pattern)
                for code, pattern in _GRADES.items()
            ]
        ),
    ),
    Rule(
        "grade_unused",
        "grade",
        "等級のない福祉事実に等級が書かれています。等級は使いません。",
        ~pl.col("fact_code").is_in(list(_GRADES)) & pl.col("grade").is_not_null(),
        Severity.WARNING,
    ),
)

LAYOUT = Layout(
    id="welfare_feed",
    title="福祉情報",
    version="1.0",
    purpose="福祉の各業務から、資格の判定に使う事実を期間つきで受け取る。",
    fields=_FIELDS,
    keys=(
        Key(("seq",), "連番が重なっています。"),
        Key(
            ("atena_no", "fact_code", "grade", "valid_from", "valid_to"),
            "同じ人・同じ事実・同じ期間の行が前にもあります。先の行を使います。",
        ),
    ),
    rules=_RULES,
    notes=("終了年月日は、ほかの期間の項目と違い、その日を含む最後の日である。",),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a 福祉情報 file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)


def render(records: pl.DataFrame) -> bytes:
    """The same rows as a file; raises csv_layout.UnwritableFrame or UnwritableValue."""
    return csv_layout.render(records, LAYOUT)
