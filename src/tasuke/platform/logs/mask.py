"""The second net: what must never stand in a log line is blotted out, whoever wrote it there.

The first net is that messages are static English and facts are keys. So any Japanese text in a line can only be data
(a name, an address), and any run of twelve digits can only be a number of a person (個人番号 has twelve).
"""

import re
from urllib.parse import unquote_to_bytes

BLOT = "[***]"

# A digit in any script that a form accepts; twelve of them, also when grouped by hyphens or spaces, also as part of a
# longer run: a 個人番号 glued to another number is still one.
_TWELVE = re.compile(r"\d(?:[\s\-‐-―−ー－・.,]?\d){11,}")
# Hiragana, katakana (also half-width), ideographs with their marks and variation selectors, and what stands between.
_SCRIPT = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uf900-\ufaff\ufe00-\ufe0f\uff66-\uff9f\U00020000-\U0003ffff\U000e0100-\U000e01ef"
)
_JAPANESE = re.compile(rf"[{_SCRIPT}](?:[{_SCRIPT}\s]*[{_SCRIPT}])?")
# The same text as an URL carries it: at least one percent-coded byte that is not ASCII.
_CODED = re.compile(r"(?:%[0-9A-Fa-f]{2})*%[89A-Fa-f][0-9A-Fa-f](?:%[0-9A-Fa-f]{2}|\+|[A-Za-z0-9])*")
_CODED_DIGITS = re.compile(r"(?:%[0-9A-Fa-f]{2}|\d){12,}")
# The same text as JSON and repr write it.
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\x[89a-fA-F][0-9a-fA-F])+")


def mask_numbers(text: str) -> str:
    """`text` without any run of twelve digits or more, in ASCII or full width, grouped or not."""
    return _TWELVE.sub(BLOT, text)


def mask_text(text: str) -> str:
    """`text` without numbers of persons and without Japanese text, plain, percent-coded or escaped."""
    if text.isascii() and "%" not in text and "\\" not in text:
        return mask_numbers(text)
    text = _CODED.sub(BLOT, text)
    text = _CODED_DIGITS.sub(_coded_digits, text)
    text = _ESCAPED.sub(BLOT, text)
    return mask_numbers(_JAPANESE.sub(BLOT, text))


def _coded_digits(match: re.Match[str]) -> str:
    plain = unquote_to_bytes(match[0]).decode("utf-8", "replace")
    return BLOT if _TWELVE.search(plain) else match[0]


# What stands in quotes in the text of an exception is mostly what somebody typed; names of ours are plain words.
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1|(?<=[=(])\([^)]*\)""")
_PLAIN = re.compile(r"[a-z0-9_.:/<>-]*")
# Words in capitals one after the other: how names of people from abroad are written in a register.
_CAPITALS = re.compile(r"\b[A-Z][A-Z'’-]+(?:[ ,]+[A-Z][A-Z'’-]*)+\b")


def mask_message(text: str) -> str:
    """The text of an exception: also without what it quotes and without names in capitals."""
    text = _QUOTED.sub(lambda found: found[0] if _PLAIN.fullmatch(found[2] or "") and found[2] else BLOT, text)
    return mask_text(_CAPITALS.sub(BLOT, text))
