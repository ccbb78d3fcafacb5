"""Names in PDF: the very glyph of 髙 﨑 𠮷 and of variation sequences, and 〓 where no font has one."""

import io
import struct
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from pypdf import PdfReader

from tasuke.core.text import normalize
from tasuke.platform.documents import render_paper
from tasuke.platform.documents.glyphs import characters_of, code_points, font_file, missing_in, with_geta

AT = datetime(2026, 4, 1, tzinfo=UTC)
FONT = "IPAmjMincho"
VARIANT = "\U000e0102"  # of Moji_Joho
NOWHERE = "\U0002ffff"
TEMPLATE = """#let data = json(bytes(sys.inputs.data))
#set page(width: 80mm, height: 40mm)
#set text(font: ("IPAmjMincho", "BIZ UDPMincho"))
#data.name
"""


def outlines(font):
    """The outline of each glyph of a TrueType font, by number."""
    tables = {}
    for n in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * n)
        tables[tag] = offset
    long_ = struct.unpack_from(">h", font, tables[b"head"] + 50)[0]
    count = struct.unpack_from(">H", font, tables[b"maxp"] + 4)[0] + 1
    places = struct.unpack_from(f">{count}{'L' if long_ else 'H'}", font, tables[b"loca"])
    at = [tables[b"glyf"] + place * (1 if long_ else 2) for place in places]
    return [font[a:b] for a, b in pairwise(at)]


def points(outline):
    """Contours, box and end points: what stays the same when a font is cut down to the glyphs in use."""
    contours = struct.unpack_from(">h", outline)[0] if outline else 0
    return outline[: 10 + 2 * contours] if contours > 0 else outline[:10]


@pytest.fixture(scope="module")
def original():
    return [points(o) for o in outlines(font_file(FONT).read_bytes())]


@pytest.fixture
def printed(tmp_path):
    """Print a name; its text and the outlines that came along in the PDF."""

    def run(name):
        template = tmp_path / "paper.typ"
        template.write_text(TEMPLATE, "utf-8")
        reader = PdfReader(io.BytesIO(render_paper(template, {"name": name}, made_at=AT)))
        page = reader.pages[0]
        found = set()
        for font in page["/Resources"]["/Font"].values():
            for part in font.get_object()["/DescendantFonts"]:
                descriptor = part.get_object()["/FontDescriptor"].get_object()
                assert "IPAmj" in descriptor["/FontName"]
                found |= {points(o) for o in outlines(descriptor["/FontFile2"].get_object().get_data())}
        return "".join(page.extract_text().split()), found

    return run


@pytest.mark.parametrize("character", ["髙", "﨑", "𠮷", "葛", "辻"])
def test_a_character_is_printed_with_its_own_glyph(character, printed, original):
    text, found = printed(character)
    assert text == character
    assert original[characters_of(FONT).glyph[character]] in found


@pytest.mark.parametrize("base", ["葛", "辻", "祇"])
def test_a_variation_is_printed_in_its_form_and_not_in_that_of_its_base(base, printed, original):
    fonts = characters_of(FONT)
    own, plain = fonts.sequence[base, VARIANT], fonts.glyph[base]
    assert own is not None
    assert own != plain
    text, found = printed(base + VARIANT)
    assert text == base + VARIANT
    assert original[own] in found
    assert original[plain] not in found


def test_a_character_that_no_font_has_is_printed_as_geta(printed):
    assert missing_in([f"髙{NOWHERE}橋"]) == [NOWHERE]
    assert with_geta(f"髙{NOWHERE}橋") == "髙〓橋"
    assert printed(f"髙{NOWHERE}橋")[0] == "髙〓橋"


def test_a_sequence_that_the_font_of_names_does_not_know_is_told_and_kept():
    unknown = "葛\U000e01ef"
    assert missing_in([f"{unknown}城", "葛" + VARIANT]) == [unknown]
    assert code_points(unknown) == "U+845B U+E01EF"
    assert with_geta(unknown) == unknown


def test_plain_texts_lack_nothing():
    assert missing_in(["髙橋 﨑山 𠮷田 Anne-Marie O'Neil", "ﾀｶﾊｼ 〒210-0001 1丁目①", '<svg viewBox="0 0 1 1">\n']) == []


def test_the_sequence_of_a_compatibility_ideograph_is_its_own_glyph():
    held = characters_of(FONT)
    forms = [chr(code) for code in (*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)) if chr(code) in held.glyph]
    told = [(char, normalize(char)) for char in forms if normalize(char) != char]
    assert len(told) > 50
    assert all(held.sequence[text[0], text[1]] == held.glyph[char] for char, text in told)
