"""個人番号の付番・変更・消除, from the resident register to the distribution alone. No such file is kept."""

import polars as pl

from tasuke.core.problems import Problem
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

EVENTS = {"1": "付番", "2": "変更", "3": "消除"}

LAYOUT = Layout(
    id="my_number_feed",
    title="個人番号",
    version="1.0",
    purpose="住民記録から、個人番号の付番・変更・消除を受け取る。個人番号は団体内統合宛名だけに封緘して渡す。",
    fields=(
        Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
        Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
        # no check digit here: a synthetic city's numbers have a wrong one on purpose; unified_id checks by its policy
        Field(
            "my_number",
            "個人番号",
            Kind.DIGITS,
            required=False,
            lengths=(12,),
            note="消除のときは空",
            example="000000000014",
        ),
        Field("event", "区分", Kind.CODE, codes=EVENTS, example="1"),
        Field(
            "valid_from",
            "異動年月日",
            Kind.DATE,
            note="先の日の行は渡さず、誤りとして返す。その日以後に送る",
            example="2026-04-01",
        ),
    ),
    keys=(Key(("seq",), "連番が重なっています。"),),
    rules=(
        Rule(
            "number_missing",
            "my_number",
            "付番と変更には個人番号が要ります。",
            pl.col("my_number").is_null() & (pl.col("event") != "3"),
        ),
    ),
    notes=(
        "ファイルは平文では保管しない。取り込んだ後に消す。",
        "架空の市の番号は検査数字をわざと違えてある(だれの番号にもならない)。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows with `line`, and problems. No problem carries a number's digits."""
    frame, problems = csv_layout.parse(data, LAYOUT)
    return frame, [_without_number(problem) for problem in problems]


def render(frame: pl.DataFrame) -> bytes:
    """The frame as a file."""
    return csv_layout.render(frame, LAYOUT)


def _without_number(problem: Problem) -> Problem:
    """The same problem without the value, which may be a 個人番号 with a typing mistake."""
    return Problem(
        problem.code,
        problem.message,
        line=problem.line,
        column=problem.column,
        field=problem.field,
        severity=problem.severity,
    )
