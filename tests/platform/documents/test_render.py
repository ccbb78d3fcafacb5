import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from tasuke.platform.documents import FontsMissing, PaperFailed, font_folders, render_paper, render_shards

AT = datetime(2026, 4, 1, tzinfo=UTC)
TEMPLATE = """#let data = json(bytes(sys.inputs.data))
#set page(width: 80mm, height: 40mm)
#set text(font: ("BIZ UDPGothic", "IPAmjMincho"))
#for (i, n) in data.names.enumerate() { if i > 0 { pagebreak() }; n }
"""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "paper.typ"
    path.write_text(TEMPLATE, "utf-8")
    return path


def text_of(pdf):
    return [page.extract_text().strip() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_paper_keeps_characters_outside_the_basic_plane(template):
    assert text_of(render_paper(template, {"names": ["髙橋 𠮷野"]}, made_at=AT)) == ["髙橋 𠮷野"]


def test_the_same_data_give_the_same_bytes(template):
    first = render_paper(template, {"names": ["甲", "乙"]}, made_at=AT)
    assert first == render_paper(template, {"names": ["甲", "乙"]}, made_at=AT)


def test_text_is_data_and_never_markup(template):
    evil = '#panic("x") *bold* $x$ \\ #include "/etc/passwd"'
    assert "#panic" in text_of(render_paper(template, {"names": [evil]}, made_at=AT))[0]


def test_a_missing_value_is_an_error_with_the_templates_name(template):
    with pytest.raises(PaperFailed, match=r"paper\.typ"):
        render_paper(template, {}, made_at=AT)


def test_shards_come_back_in_order_from_two_processes(template):
    shards = [{"names": [f"{n}-{i}" for i in range(3)]} for n in range(5)]
    pdfs = list(render_shards(template, shards, made_at=AT, workers=2))
    assert [text_of(p)[0] for p in pdfs] == [f"{n}-0" for n in range(5)]


def test_missing_fonts_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TASUKE_FONTS", str(tmp_path))
    with pytest.raises(FontsMissing, match="IPAmjMincho"):
        font_folders()
