"""異動・退職: what the personnel office sends, so that nobody keeps a right of the desk that they left."""

import polars as pl

from tasuke.core.problems import Problem
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule

TRANSFER, RETIREMENT, LEAVE = "1", "2", "3"
EVENTS = {TRANSFER: "異動", RETIREMENT: "退職", LEAVE: "休職"}

LAYOUT = Layout(
    id="personnel_feed",
    title="異動・退職",
    version="1.0",
    purpose="人事の異動・退職・休職を受け取り、その日からの権限を取り消す。",
    fields=(
        Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
        Field(
            "personal_id",
            "職員ID",
            Kind.TEXT,
            max_length=20,
            pattern="[A-Za-z0-9-]{4,20}",
            pattern_hint="半角英数字とハイフン、4〜20文字",
            example="k-00123",
        ),
        Field("event_code", "区分", Kind.CODE, codes=EVENTS, example="1"),
        Field("effective_on", "発令日", Kind.DATE, note="この日から、これまでの権限は使えない", example="2026-04-01"),
        Field(
            "office",
            "異動先",
            Kind.DIGITS,
            required=False,
            max_length=6,
            lengths=(6,),
            note="区のコード(6桁)。本庁は空",
            example="141313",
        ),
    ),
    keys=(Key(("seq",), "連番が重なっています。"), Key(("personal_id",), "同じ職員の行が前にもあります。")),
    rules=(
        Rule(
            "office_unused",
            "office",
            "異動ではありませんが、異動先が書かれています。",
            (pl.col("event_code") != TRANSFER) & pl.col("office").is_not_null(),
        ),
    ),
    notes=(
        "異動した人は新しい所属で権限を申請し直す。退職した人の職員IDは二度と使わない。",
        "発令日より前に取り込むと権限の終わりだけが決まる。所属は発令日以後にもう一度取り込むと変わる。",
    ),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a file (columns: `line` and those of LAYOUT) and what is wrong with it; raises on no input."""
    return csv_layout.parse(data, LAYOUT)
