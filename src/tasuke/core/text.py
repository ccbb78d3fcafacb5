"""Names and addresses as text: storing, searching, shrinking for other systems, measuring.

Stored text is NFC with its ideographic variation sequences (IVS) kept. Everything that loses something (search key,
Shift_JIS, bank kana) is made from it and never stored in its place.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import polars as pl

from tasuke.core.kana import (
    BankKanaError,
    Wo,
    bank_kana,
    bank_kana_series,
    full_width_kana,
    half_width_kana,
    kana_key,
    to_katakana,
)
from tasuke.core.kanji import VARIATION_SELECTORS, fold_kanji, in_jis_x_0208, is_kanji, shrink_kanji

__all__ = [
    "BankKanaError",
    "Shrunk",
    "Wo",
    "bank_kana",
    "bank_kana_series",
    "byte_length",
    "full_width_kana",
    "grapheme_length",
    "half_width_kana",
    "kana_key",
    "normalize",
    "normalize_series",
    "search_key",
    "search_key_series",
    "shrink_to_sjis",
    "to_katakana",
]

UNKNOWN = "？"


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A text in JIS X 0201 + JIS X 0208. replaced: (1-based position in the NFC text, old, new); ？ = no mapping."""

    text: str
    replaced: tuple[tuple[int, str, str], ...]

    @property
    def lost(self) -> tuple[tuple[int, str, str], ...]:
        """The replacements for which nothing better than ？ exists."""
        return tuple(r for r in self.replaced if r[2] == UNKNOWN)


def normalize(text: str) -> str:
    """NFC, nothing more: NFKC would change names, and IVS must survive.

    NFC alone would turn a compatibility ideograph (U+FA19, the old form of 神) into the common character: it becomes
    the standardized variation sequence that stands for it, which NFC keeps, fonts print and search leaves out.
    """
    return unicodedata.normalize("NFC", text.translate(_FORMS))


def normalize_series(texts: pl.Series) -> pl.Series:
    """`normalize` on a text column; null stays null."""
    if texts.str.contains(_COMPATIBILITY).any():
        texts = texts.str.replace_many(list(map(chr, _FORMS)), list(_FORMS.values()))
    return texts.str.normalize("NFC")


def search_key(text: str) -> str:
    """Key under which a name is found: variants folded (髙→高, 﨑→崎, 𠮷→吉, IVS), one width, katakana, no blanks."""
    key = unicodedata.normalize("NFKC", text).translate(_SEARCH_TABLE)
    while not unicodedata.is_normalized("NFKC", key):  # blanks taken out can bring a kana and its 濁点 together
        key = unicodedata.normalize("NFKC", key).translate(_SEARCH_TABLE)
    return key


def search_key_series(texts: pl.Series) -> pl.Series:
    """Search keys of a text column; each different text is worked on once. Null stays null."""
    distinct = texts.unique().drop_nulls()
    if distinct.is_empty():
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.String)
    keys = pl.Series([search_key(text) for text in distinct.to_list()], dtype=pl.String)
    return texts.replace_strict(distinct, keys, default=None, return_dtype=pl.String)


def shrink_to_sjis(text: str) -> Shrunk:
    """The text in characters that Shift_JIS with JIS X 0208 holds; encode the result with cp932.

    IVS are dropped, variants become their nearest form, 〜 − ‖ — ¢ £ ¬ take the code points that cp932 reads back
    (～ － ∥ ― ￠ ￡ ￢). What no table knows becomes ？, as the sender of claims does (レセプト電算 記録条件仕様).
    """
    out: list[str] = []
    replaced: list[tuple[int, str, str]] = []
    for position, char in enumerate(unicodedata.normalize("NFC", text), start=1):
        new = _shrink_char(char)
        out.append(new)
        if new != char:
            replaced.append((position, char, new))
    return Shrunk("".join(out), tuple(replaced))


def byte_length(text: str, encoding: str) -> int:
    """Bytes of the text in an encoding. Raises UnicodeEncodeError when the encoding lacks a character."""
    return len(text.encode(encoding))


def grapheme_length(text: str) -> int:
    """Characters as people count them: a variation selector, 濁点 or other combining mark belongs to its base."""
    joined = 0
    count = 0
    for char in text:
        if char == "\u200d":
            joined = 2
        elif (
            unicodedata.category(char) in ("Mn", "Me", "Mc")
            or char in "\uff9e\uff9f"
            or 0x1F3FB <= ord(char) <= 0x1F3FF
        ):
            joined = max(joined - 1, 0)
            count += count == 0
        else:
            count += joined != 2 or count == 0
            joined = 0
    return count


class _SearchTable(dict[int, str]):
    """Translation of single characters for search keys, filled as they come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if code in VARIATION_SELECTORS or char.isspace():
            self[code] = ""
        else:
            self[code] = to_katakana(fold_kanji(char)).upper()
        return self[code]


_SEARCH_TABLE = _SearchTable()
_COMPATIBILITY = "[\\x{F900}-\\x{FAFF}\\x{2F800}-\\x{2FA1F}]"


def _standardized_variants() -> dict[int, str]:
    """Base and selector (VS1, VS2, …) of each compatibility ideograph: by base, in the order of the code points.

    Source: Unicode Character Database, StandardizedVariants.txt, which numbers them so.
    """
    forms: dict[int, str] = {}
    taken: dict[str, int] = {}
    for code in (*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)):
        base = unicodedata.normalize("NFC", chr(code))
        if base != chr(code):
            forms[code] = base + chr(0xFE00 + taken.setdefault(base, 0))
            taken[base] += 1
    return forms


_FORMS = _standardized_variants()
# shift_jis and cp932 read these bytes as different characters; ours is the reading of cp932
_CP932_TWINS = dict(zip("〜−‖—¢£¬¥‾", "～－∥―￠￡￢￥￣", strict=True))


@cache
def _shrink_char(char: str) -> str:
    if ord(char) in VARIATION_SELECTORS:
        return ""
    if char in _CP932_TWINS:
        return _CP932_TWINS[char]
    if ord(char) < 0x80 or "\uff61" <= char <= "\uff9f" or _in_cp932_0208(char):
        return char
    if is_kanji(char) and (nearest := shrink_kanji(char)) is not None:
        return nearest
    plain = unicodedata.normalize("NFKC", char)
    if plain == char:
        return UNKNOWN
    wide = "".join(_shrink_char(full_width_kana(c)) for c in plain)
    return UNKNOWN if UNKNOWN in wide else wide


def _in_cp932_0208(char: str) -> bool:
    """JIS X 0208 as cp932 writes it: NEC row 13 and the NEC/IBM extensions are not part of it."""
    try:
        encoded = char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return char in _CP932_TWINS.values() or in_jis_x_0208(char) or encoded == b"\x81\x60"
