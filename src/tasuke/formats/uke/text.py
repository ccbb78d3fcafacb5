"""The characters of a UKE file: Shift_JIS with JIS X 0201 and JIS X 0208 only (記録条件仕様, 使用文字).

Everything else, 髙 for one, has been replaced by a full-width ？ before the file is sent, so a ？ in a name stands for
"some character".
"""

import codecs

REPLACED = "？"
_REPLACED_BYTES = REPLACED.encode("cp932")
# Characters of JIS X 0208 whose Unicode differs between shift_jis and cp932: we speak cp932 on both ways.
_CP932_FORMS = frozenset("～－∥￠￡￢―＼")
_HANDLER = "tasuke-uke-replace"
_CP932_HANDLER = "tasuke-cp932-replace"


def _replace(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    encoded = character.encode("cp932") if character in _CP932_FORMS else _REPLACED_BYTES
    return encoded, error.start + 1


def _replace_all(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _REPLACED_BYTES * (error.end - error.start), error.end


codecs.register_error(_HANDLER, _replace)
codecs.register_error(_CP932_HANDLER, _replace_all)


def encode(text: str) -> bytes:
    """Shift_JIS bytes of a text; what JIS X 0208 lacks becomes ？."""
    return text.encode("shift_jis", errors=_HANDLER)


def encode_cp932(text: str) -> bytes:
    """cp932 bytes of a text; what cp932 lacks becomes ？."""
    return text.encode("cp932", errors=_CP932_HANDLER)


def decode(data: bytes) -> str | None:
    """The text, read as cp932; None when the bytes are not."""
    try:
        return data.decode("cp932")
    except UnicodeDecodeError:
        return None


def decode_broken(data: bytes) -> str:
    """The text of a line that is not cp932: what cannot be read becomes U+FFFD."""
    return data.decode("cp932", errors="replace")


def is_utf8(data: bytes) -> bool:
    """True when Japanese text in these bytes is written in UTF-8 (someone saved the file anew)."""
    if data.startswith(codecs.BOM_UTF8):
        return True
    if data.isascii():
        return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return any("\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in text)
