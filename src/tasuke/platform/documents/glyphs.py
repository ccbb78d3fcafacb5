"""Which characters the fonts of the papers hold, read from the fonts themselves (OpenType `cmap`, formats 4, 12, 14).

A character that no font has would be printed as an empty box: it is printed as 〓 (下駄), and whoever imports or prints
it is told. A variation sequence (IVS) that no font has is printed in the form of its base character.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tasuke.platform.documents.fonts import WANTED, font_folders

GETA = "〓"
_NAMES = "IPAmjMincho"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SEQUENCE = re.compile(f"([^{_SELECTORS}])([{_SELECTORS}])")
_ALWAYS = frozenset(map(chr, range(0x80))) | {"\u3000", "\u200d"}


@dataclass(frozen=True, slots=True)
class Characters:
    """glyph: glyph number by character; sequence: by base and selector (None: the glyph of the base)."""

    glyph: dict[str, int]
    sequence: dict[tuple[str, str], int | None]


def read_characters(font: bytes) -> Characters:
    """The characters of a TrueType font. Raises struct.error on what is no font."""
    tables = {}
    for n in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * n)
        tables[tag] = offset
    at = tables[b"cmap"]
    glyph: dict[str, int] = {}
    sequence: dict[tuple[str, str], int | None] = {}
    for n in range(struct.unpack_from(">H", font, at + 2)[0]):
        start = at + struct.unpack_from(">L", font, at + 8 + 8 * n)[0]
        kind = struct.unpack_from(">H", font, start)[0]
        if kind == 4:
            glyph |= _segments(font, start)
        elif kind == 12:
            glyph |= _groups(font, start)
        elif kind == 14:
            sequence |= _sequences(font, start)
    return Characters(glyph, sequence)


def _segments(font: bytes, start: int) -> dict[str, int]:
    count = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, start + 14)
    begins = struct.unpack_from(f">{count}H", font, start + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", font, start + 16 + 4 * count)
    offsets_at = start + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", font, offsets_at)
    found: dict[str, int] = {}
    for n, (first, last, delta, offset) in enumerate(zip(begins, ends, deltas, offsets, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            number = code
            if offset:
                number = struct.unpack_from(">H", font, offsets_at + 2 * n + offset + 2 * (code - first))[0]
            if number or not offset:
                found[chr(code)] = (number + delta) % 65536
    return {char: number for char, number in found.items() if number}


def _groups(font: bytes, start: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for n in range(struct.unpack_from(">L", font, start + 12)[0]):
        first, last, number = struct.unpack_from(">LLL", font, start + 16 + 12 * n)
        found |= {chr(code): number + code - first for code in range(first, last + 1)}
    return {char: number for char, number in found.items() if number}


def _sequences(font: bytes, start: int) -> dict[tuple[str, str], int | None]:
    found: dict[tuple[str, str], int | None] = {}
    for n in range(struct.unpack_from(">L", font, start + 6)[0]):
        record = start + 10 + 11 * n
        selector = chr(int.from_bytes(font[record : record + 3], "big"))
        plain, own = struct.unpack_from(">LL", font, record + 3)
        for m in range(struct.unpack_from(">L", font, start + plain)[0] if plain else 0):
            at = start + plain + 4 + 4 * m
            first = int.from_bytes(font[at : at + 3], "big")
            found |= {(chr(first + more), selector): None for more in range(font[at + 3] + 1)}
        for m in range(struct.unpack_from(">L", font, start + own)[0] if own else 0):
            at = start + own + 4 + 5 * m
            base = chr(int.from_bytes(font[at : at + 3], "big"))
            found[base, selector] = struct.unpack_from(">H", font, at + 3)[0]
    return found


def font_file(family: str) -> Path:
    """The file of one of the families of the papers. Raises FontsMissing, KeyError."""
    name = Path(WANTED[family]).name
    return next(path for folder in font_folders() for path in Path(folder).rglob(name))


@lru_cache(maxsize=8)
def characters_of(family: str) -> Characters:
    """The characters of a family of the papers, read once. Raises FontsMissing."""
    return read_characters(font_file(family).read_bytes())


@lru_cache(maxsize=1)
def _all() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    fonts = [characters_of(family) for family in WANTED]
    held = frozenset().union(*(font.glyph for font in fonts)) | _ALWAYS
    # names are set in this font: it holds the collection Moji_Joho, another font's sequence would not be used
    return held, frozenset(characters_of(_NAMES).sequence)


def missing_in(texts: Iterable[str]) -> list[str]:
    """Characters of the texts that no font holds, and variation sequences that the font of names does not know; sorted.

    A sequence is two characters long. Raises FontsMissing.
    """
    whole = "\n".join(texts)
    held, sequences = _all()
    single = {c for c in set(whole) - held if not _SEQUENCE.match(f"一{c}")}
    pairs = {m for m in set(_SEQUENCE.findall(whole)) - sequences if m[0] in held}
    return sorted(single) + sorted(map("".join, pairs))


def code_points(character: str) -> str:
    """U+845B U+E0100."""
    return " ".join(f"U+{ord(c):04X}" for c in character)


def with_geta(text: str) -> str:
    """The text with 〓 for every character that no font holds; sequences stay, their base is printed."""
    lost = [c for c in missing_in([text]) if len(c) == 1]
    return text.translate(dict.fromkeys(map(ord, lost), GETA)) if lost else text
