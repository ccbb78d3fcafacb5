"""Kanji variants: folding for search, shrinking to JIS X 0208. One character at a time, remembered once found.

Mappings come from 文字情報基盤 (MJ縮退マップ) and the 国税庁 shrink table, both through jntajis; where those choose a
character that people would not look for, the tables here come first.
"""

from functools import cache

from jntajis import MJShrinkSchemeCombo, jnta_shrink_translit, mj_shrink_candidates

# U+FE00-FE0F standardised variants, U+E0100-E01EF ideographic variation sequences (IVS)
VARIATION_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])

# Ordinary characters that families write in two ways; both forms are in JIS level 1, so no shrink map joins them.
_SEARCH_PAIRS = dict(
    zip("嶋瀧曾燈薗舘穐栢桧薮渕冨龍壷侭薩籠蝿頬竃", "島滝曽灯園館秋柏檜藪淵富竜壺儘薩篭蠅頰竈", strict=True)
)
_SHRINK_PAIRS = {"髙": "高", "𠮷": "吉", "﨑": "崎", "瀨": "瀬", "槗": "橋", "桒": "桑"}
_ALL_SCHEMES = (
    MJShrinkSchemeCombo.JIS_INCORPORATION_UCS_UNIFICATION_RULE
    | MJShrinkSchemeCombo.INFERENCE_BY_READING_AND_GLYPH
    | MJShrinkSchemeCombo.MOJ_NOTICE_582
    | MJShrinkSchemeCombo.MOJ_FAMILY_REGISTER_ACT_RELATED_NOTICE
)
_LIMIT = 32  # no character of the map has more forms


@cache
def fold_kanji(char: str) -> str:
    """The parent character (親字) under which one kanji is searched: 髙→高, 﨑→崎, 邊→辺. Others stay as they are.

    Characters of JIS level 1 stay (the maps join some that are different names, 功 and 切), but for the pairs above.
    """
    if char in _SEARCH_PAIRS:
        return _SEARCH_PAIRS[char]
    if not is_kanji(char) or _level(char) == 1:
        return char
    candidates = [c for c in mj_shrink_candidates(char, _ALL_SCHEMES, _LIMIT) if c != char]
    first = next((c for c in candidates if _level(c) == 1), None)
    if first is None and _level(char) is None:
        first = next((c for c in candidates if _level(c) == 2), None)
    # the levels only fall on this way (outside → 2 → 1), so it ends
    return char if first is None else fold_kanji(first)


@cache
def shrink_kanji(char: str) -> str | None:
    """The nearest character of JIS X 0208 for a kanji outside it; None when the maps know none."""
    if char in _SHRINK_PAIRS:
        return _SHRINK_PAIRS[char]
    nearest = jnta_shrink_translit(char, "", passthrough=True)
    if len(nearest) == 1 and nearest != char and in_jis_x_0208(nearest):
        return nearest
    candidates = mj_shrink_candidates(char, _ALL_SCHEMES, _LIMIT)
    return next((c for c in candidates if c != char and in_jis_x_0208(c)), None)


def is_kanji(char: str) -> bool:
    """Whether a character is an ideograph of any CJK block, 々 and 〆 not included."""
    code = ord(char)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF


def in_jis_x_0208(char: str) -> bool:
    """Whether a kanji or sign is in JIS X 0208; cp932 alone would also let NEC and IBM characters pass (髙, ①, Ⅲ)."""
    return _level(char) is not None


@cache
def _level(char: str) -> int | None:
    """1 or 2 for the kanji levels of JIS X 0208, 0 for its other characters, None outside."""
    try:
        encoded = char.encode("euc_jp")
    except UnicodeEncodeError:
        return None
    if len(encoded) != 2 or encoded[0] == 0x8E:  # 3 bytes: JIS X 0212; 0x8E: half-width kana
        return None
    row = encoded[0] - 0xA0
    return 0 if row < 16 else 1 if row < 48 else 2
