"""The physical form of a transfer file: records of 120 bytes, with or without CRLF, single bytes of JIS X 0201."""

import codecs
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.zengin.layout import RECORD_LENGTH

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

# JIS X 0201: ASCII (0x5C prints as ¥) and half-width katakana; every other byte shows as �
_JIS_X_0201 = "".join(
    chr(b) if 0x20 <= b < 0x7F else chr(0xFF61 + b - 0xA1) if 0xA1 <= b <= 0xDF else "\ufffd" for b in range(256)
)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """n records as bytes (n, 120), with the physical line (record number) of each."""

    rows: Bytes
    lines: npt.NDArray[np.int64]

    def take(self, wanted: Flags | slice) -> "Records":
        """Some of the records."""
        return Records(self.rows[wanted], self.lines[wanted])

    def texts(self) -> pl.Series:
        """Each record as a text of 120 characters."""
        whole = decode(self.rows.tobytes())
        return pl.Series([whole[i : i + RECORD_LENGTH] for i in range(0, len(whole), RECORD_LENGTH)], dtype=pl.String)


def decode(data: bytes) -> str:
    """JIS X 0201 bytes as text, one character a byte; bytes outside it become U+FFFD."""
    return codecs.charmap_decode(data, "strict", _JIS_X_0201)[0]


def split(data: bytes) -> tuple[Records | None, list[Problem]]:
    """Cut a file into records. None when it cannot be one (empty, another encoding, length that does not fit)."""
    fault = _encoding_fault(data)
    if fault is not None:
        return None, [fault]
    body = data.rstrip(b"\x1a")
    if not body.strip():
        return None, [_fatal("zengin.empty", "ファイルが空です")]
    if b"\r" in body or b"\n" in body:
        return _split_lines(body)
    if len(body) % RECORD_LENGTH:
        message = f"ファイルの長さ({len(body)}バイト)が{RECORD_LENGTH}バイトの倍数ではありません"
        return None, [_fatal("zengin.length", message)]
    rows = np.frombuffer(body, dtype=np.uint8).reshape(-1, RECORD_LENGTH)
    return Records(rows, np.arange(1, len(rows) + 1, dtype=np.int64)), []


def _split_lines(body: bytes) -> tuple[Records | None, list[Problem]]:
    problems: list[Problem] = []
    separator = b"\r\n"
    if separator not in body:
        separator = b"\n" if b"\n" in body else b"\r"
        message = "レコードの区切りがCRLFではありません"
        problems.append(Problem("zengin.separator", message, severity=Severity.WARNING))
    parts = body.split(separator)
    if not parts[-1]:
        parts.pop()
    good: list[bytes] = []
    lines: list[int] = []
    for line, part in enumerate(parts, start=1):
        if len(part) == RECORD_LENGTH:
            good.append(part)
            lines.append(line)
        else:
            message = f"レコードの長さが{len(part)}バイトです({RECORD_LENGTH}バイトでなければなりません)"
            problems.append(Problem("zengin.length", message, line=line, value=decode(part[:40])))
    if not good:
        message = f"{RECORD_LENGTH}バイトのレコードが一つもありません"
        return None, [*problems, _fatal("zengin.length", message)]
    rows = np.frombuffer(b"".join(good), dtype=np.uint8).reshape(-1, RECORD_LENGTH)
    return Records(rows, np.array(lines, dtype=np.int64)), problems


def _encoding_fault(data: bytes) -> Problem | None:
    """Encodings that must never be read as JIS: nothing would fail, every name and number would be wrong."""
    if data[:1] == b"\xf1":
        return _fatal("zengin.ebcdic", "EBCDICのファイルは読めません。JIS(コード区分0)で作り直してください")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _fatal("zengin.encoding", "UTF-16のファイルです。JIS(半角)で作り直してください")
    if data.startswith(codecs.BOM_UTF8) or _is_utf8_kana(data):
        return _fatal("zengin.encoding", "UTF-8のファイルです。JIS(半角)で作り直してください")
    return None


def _is_utf8_kana(data: bytes) -> bool:
    """Kana in UTF-8 starts with 0xE3 or 0xEF, which JIS X 0201 does not have."""
    if b"\xe3" not in data and b"\xef" not in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _fatal(code: str, message: str) -> Problem:
    return Problem(code, message, severity=Severity.FATAL)
