"""Kana for banks, for matching and for width. The public names are re-exported by `tasuke.core.text`.

Bank kana: 全銀協 レコード・フォーマット 付録1, 口座名. Half-width ｱ-ﾝ without ｦ and without small letters, A-Z, 0-9,
space and ( ) - . ; the 長音 is written as a hyphen; a 濁点 is a character of its own.
"""

import re
import unicodedata
from typing import Literal

import jaconv
import polars as pl

Wo = Literal["reject", "o", "keep"]


class BankKanaError(ValueError):
    """A character that bank kana cannot carry. position: 1-based, in the text as given."""

    def __init__(self, position: int, character: str, reason: str) -> None:
        super().__init__(f"{position}文字目の「{character}」: {reason}")
        self.position = position
        self.character = character
        self.reason = reason


def bank_kana(text: str, *, wo: Wo = "reject") -> str:
    """Half-width bank kana of any kana text. Never shortens; the caller compares the length with the field's.

    wo: what ヲ becomes. Most banks refuse it ("reject"), some want オ ("o"); 全銀協's relaxation of 2021-12 lets it
    stand in transfers ("keep"). Raises BankKanaError at the first character that cannot be carried (kanji, ・, 、…).
    """
    table = _TABLES[wo]
    simple = text.translate(table)
    return simple if _REFUSED not in simple else _bank_kana_slowly(text, wo)


def bank_kana_series(texts: pl.Series, *, wo: Wo = "reject") -> tuple[pl.Series, pl.Series]:
    """Bank kana of a column: (value or null, reason in Japanese or null). Each different text is converted once."""
    distinct = texts.unique().drop_nulls().to_list()
    values: list[str | None] = []
    errors: list[str | None] = []
    for text in distinct:
        try:
            values.append(bank_kana(text, wo=wo))
            errors.append(None)
        except BankKanaError as error:
            values.append(None)
            errors.append(str(error))
    return _replace(texts, distinct, values), _replace(texts, distinct, errors)


def kana_key(text: str) -> str:
    """Key for matching readings: コウノ キョウコ, ｺｳﾉ ｷﾖｳｺ and こうの・きょうこ are one.

    Full-width katakana, small letters made large, ヲヂヅヰヱ as オジズイエ, one kind of 長音, no blanks or middle dots.
    """
    composed = unicodedata.normalize("NFKC", _join_marks(text))
    return unicodedata.normalize("NFKC", composed.translate(_KEY_TABLE).upper())


def half_width_kana(text: str) -> str:
    """Full-width kana, letters, digits and signs in half width; kanji and hiragana stay, small kana stay small."""
    return str(jaconv.z2h(unicodedata.normalize("NFC", text), kana=True, ascii=True, digit=True))


def full_width_kana(text: str) -> str:
    """Half-width kana, letters, digits and signs in full width; 濁点 are joined to their kana."""
    return unicodedata.normalize("NFC", str(jaconv.h2z(text, kana=True, ascii=True, digit=True)))


_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_LONG = "ー―‐−—–-"
_VOICED = "\u3099\u309b\uff9e"
_SEMIVOICED = "\u309a\u309c\uff9f"
_HALF = dict(
    zip(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ",
        strict=True,
    )
)
_TAKES_VOICED = frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")
_TAKES_SEMIVOICED = frozenset("ﾊﾋﾌﾍﾎ")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ().")
_REASONS = {
    "・": "中点は使えません(空白に直してください)",
    "、": "読点は使えません",
    "。": "句点は使えません",
    ",": "カンマは使えません",
    "ヲ": "この金融機関では「ヲ」を使えません",
}
_REFUSED = "\0"


def _bank_kana_slowly(text: str, wo: Wo) -> str:
    """With 濁点 that stand alone, and with the place of the first character that is refused."""
    out: list[str] = []
    for position, char in enumerate(text, start=1):
        if char in _VOICED or char in _SEMIVOICED:
            bases = _TAKES_VOICED if char in _VOICED else _TAKES_SEMIVOICED
            if not out or out[-1][-1:] not in bases:
                raise BankKanaError(position, char, "濁点・半濁点を付けられる文字の後にありません")
            out.append("ﾞ" if char in _VOICED else "ﾟ")
            continue
        half = _half_of(char, wo)
        if half is None:
            raise BankKanaError(position, char, _reason(char))
        out.append(half)
    return "".join(out)


def _reason(char: str) -> str:
    plain = to_katakana(unicodedata.normalize("NFKC", char))
    if plain in _REASONS:
        return _REASONS[plain]
    if unicodedata.name(char, "").startswith("CJK"):
        return "漢字は使えません"
    return "口座名義に使えない文字です"


def _half_of(char: str, wo: Wo) -> str | None:
    """Bank kana of one character; None when refused. A 濁点 that stands alone is not for here."""
    out = ""
    for part in unicodedata.normalize("NFD", to_katakana(unicodedata.normalize("NFKC", char))):
        one = _SMALL.get(part, part)
        one = {"ヰ": "イ", "ヱ": "エ"}.get(one, one)
        if one == "ヲ" and wo != "reject":
            one = "オ" if wo == "o" else one
            half = "ｦ" if one == "ヲ" else "ｵ"
        elif one in _LONG:
            half = "-"
        elif out and (
            (one == "\u3099" and out[-1] in _TAKES_VOICED) or (one == "\u309a" and out[-1] in _TAKES_SEMIVOICED)
        ):
            half = "ﾞ" if one == "\u3099" else "ﾟ"
        else:
            half = _HALF.get(one, one.upper() if one.upper() in _PLAIN else "")
        if not half:
            return None
        out += half
    return out or None


def to_katakana(text: str) -> str:
    """Hiragana (ぁ-ゖ, ゝゞ) as katakana; everything else stays."""
    return text.translate(_KATAKANA)


_KATAKANA = {code: code + 0x60 for code in [*range(0x3041, 0x3097), 0x309D, 0x309E]}
_KEY_TABLE: dict[int, str | None] = {
    **{code: to_katakana(chr(code)) for code in _KATAKANA},
    **{
        ord(hira): to_katakana(large)
        for hira, large in zip("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ", strict=True)
    },
    **{ord(small): large for small, large in _SMALL.items()},
    **dict(zip(map(ord, "ヲヂヅヰヱをぢづゐゑ"), "オジズイエオジズイエ", strict=True)),
    **dict.fromkeys(map(ord, _LONG + "~"), "ー"),
    **dict.fromkeys(map(ord, " 　・･'"), None),
}


class _BankTable(dict[int, str]):
    """Translation of single characters, filled as they come; what needs a closer look becomes `_REFUSED`."""

    def __init__(self, wo: Wo) -> None:
        super().__init__()
        self.wo: Wo = wo

    def __missing__(self, code: int) -> str:
        char = chr(code)
        single = None if char in _VOICED or char in _SEMIVOICED else _half_of(char, self.wo)
        self[code] = _REFUSED if single is None else single
        return self[code]


_TABLES = {wo: _BankTable(wo) for wo in ("reject", "o", "keep")}


def _join_marks(text: str) -> str:
    """Free-standing ゛゜ as combining marks: NFKC alone would put a blank before them."""
    return re.sub("[\u309b\uff9e]", "\u3099", re.sub("[\u309c\uff9f]", "\u309a", text))


def _replace(texts: pl.Series, old: list[str], new: list[str | None]) -> pl.Series:
    if not old:
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.String)
    mapped = texts.replace_strict(pl.Series(old, dtype=pl.String), pl.Series(new, dtype=pl.String), default=None)
    return mapped.cast(pl.String)
