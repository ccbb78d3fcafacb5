"""対象者の一覧: the 宛名番号 of the persons whom another department asks for (庁内移転). Two columns, a row each."""

import polars as pl

from tasuke.core.problems import Problem
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout

MOST_ROWS = 10_000
_FIELDS = (
    Field("seq", "連番", Kind.INT, minimum=1, note="ファイルの中で重ならない番号", example="1"),
    Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15, example="000000010234561"),
)

LAYOUT = Layout(
    id="sharing_list",
    title="庁内移転の対象者",
    version="1.0",
    purpose="庁内の他部署が求める人の宛名番号を受け取る。",
    fields=_FIELDS,
    keys=(Key(("atena_no",), "同じ宛名番号が前の行にあります。"), Key(("seq",), "同じ連番が前の行にあります。")),
)


def parse(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows (columns line, seq, atena_no) and what is wrong; good rows go on."""
    return csv_layout.parse(data, LAYOUT)
