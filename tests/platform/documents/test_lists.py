import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from tasuke.platform.documents import LIST_TEMPLATE, Column, Line, list_paper, render_paper

AT = datetime(2026, 4, 1, tzinfo=UTC)


def paper(rows, width=100):
    columns = [Column("氏名", width, name=True), Column("金額", 30, "right")]
    return list_paper(title="一覧", subtitle="支払日", columns=columns, lines=rows, fictitious=True)


def text_of(data):
    pages = PdfReader(io.BytesIO(render_paper(LIST_TEMPLATE, data, made_at=AT, tagged=False))).pages
    return ["".join(page.extract_text().split()) for page in pages]


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (1, 1), (39, 1), (40, 2), (79, 3)])
def test_rows_are_cut_into_pages_and_none_is_lost(rows, pages):
    data = paper([Line([f"人{n}", str(n)]) for n in range(rows)])
    assert (len(data["pages"]), sum(map(len, data["pages"]))) == (pages, rows)


def test_wide_columns_turn_the_page():
    assert paper([], width=100)["landscape"] is False
    assert paper([], width=200)["landscape"] is True


def test_a_name_that_is_too_long_is_set_smaller_and_not_cut():
    name = "アレクサンドラマリアフェルナンデスデラクルスサントスオリヴェイラダシルヴァ" * 3
    (text,) = text_of(paper([Line([name, "1"]), Line(["葛󠄀城𠮷子", "2"], strong=True)], width=40))
    assert name in text
    assert "葛󠄀城𠮷子" in text
    assert "1/1" in text
