"""Reads one value of a field, slowly and with a reason. columns.py checks fast; only doubtful values come here."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from tasuke.core.calendar import InvalidDate, parse_date
from tasuke.core.problems import Severity
from tasuke.formats.csv_layout.definition import EARLIEST, LATEST, Field, Kind

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WIDE = {0xFF10 + n: 0x30 + n for n in range(10)}
_WIDE_SIGNS = _WIDE | {ord("－"): "-", ord("−"): "-", ord("／"): "/", ord("．"): ".", ord("；"): ";", ord("，"): ","}
_WESTERN = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?:[ T]00:00(?::00(?:\.0+)?)?)?"
)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EXCEL_HINT = "表計算ソフトで開いて保存すると、先頭の0が消えることがあります。"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text came to. text: in canonical form (None: empty or unusable); code: None when nothing is wrong."""

    text: str | None
    code: str | None = None
    message: str = ""
    severity: Severity = Severity.ERROR


def read_value(field: Field, raw: str | None) -> Reading:
    """Read one value. A warning means that the text was put right and is used; an error that it cannot be used."""
    if raw is None or raw == "":
        return _empty(field)
    if CONTROLS.search(raw):
        return _error("control_character", "使えない制御文字が入っています。")
    text = raw.strip()
    if not text:
        return (
            _empty(field) if field.required else _warning(None, "spaces_trimmed", "空白だけなので、空として扱います。")
        )
    reading = _READERS[field.kind](field, text)
    if reading.code is None and text != raw:
        return _warning(reading.text, "spaces_trimmed", "前後の空白を取り除きました。")
    return reading


def _empty(field: Field) -> Reading:
    return _error("required", "必ず書く項目ですが、空です。") if field.required else Reading(None)


def _error(code: str, message: str) -> Reading:
    return Reading(None, code, message, Severity.ERROR)


def _warning(text: str | None, code: str, message: str) -> Reading:
    return Reading(text, code, message, Severity.WARNING)


def _put_right(reading: Reading, given: str, narrow: str) -> Reading:
    """Add the warning that full-width characters were taken as half-width ones."""
    if given == narrow or reading.code is not None:
        return reading
    return _warning(reading.text, "full_width", "全角の数字・記号を半角に直しました。")


def visible_length(text: str) -> int:
    """Length as a reader counts: variation selectors (IVS) and combining marks belong to the character before them."""
    return sum(1 for c in text if not unicodedata.category(c).startswith("M"))


def _read_text(field: Field, text: str) -> Reading:
    if field.max_length is not None and len(text) > field.max_length:
        length = visible_length(text)
        if length > field.max_length:
            return _error("too_long", f"{field.max_length}文字までのところに{length:,}文字あります。")
    if field.pattern is not None and not re.fullmatch(field.pattern, text):
        return _error("wrong_pattern", f"{field.pattern_hint}で書いてください。")
    return Reading(text)


def _read_digits(field: Field, text: str) -> Reading:
    narrow = text.translate(_WIDE_SIGNS)
    digits = narrow.replace("-", "") if field.hyphens else narrow
    if not (digits.isascii() and digits.isdigit()):
        hint = "表計算ソフトが指数の形に変えた可能性があります。" if re.fullmatch(r"[0-9.]+E\+?[0-9]+", narrow) else ""
        return _error("not_digits", f"半角の数字だけで書いてください。{hint}")
    fault = _digits_length(field, digits)
    if fault is not None:
        return fault
    if digits != narrow:
        return _warning(digits, "hyphen_removed", "ハイフンを取り除きました。")
    return _put_right(Reading(digits), text, narrow)


def _digits_length(field: Field, digits: str) -> Reading | None:
    if field.lengths and len(digits) not in field.lengths:
        wanted = "か".join(f"{n}桁" for n in field.lengths)
        hint = _EXCEL_HINT if len(digits) < max(field.lengths) else ""
        return _error("wrong_length", f"{wanted}のところが{len(digits):,}桁です。{hint}")
    if field.max_length is not None and len(digits) > field.max_length:
        return _error("too_long", f"{field.max_length}桁までのところに{len(digits):,}桁あります。")
    return None


def _read_digits_list(field: Field, text: str) -> Reading:
    narrow = text.translate(_WIDE_SIGNS)
    if not re.fullmatch(r"[0-9]{1,15}(;[0-9]{1,15})*", narrow):
        return _error("not_digits", "半角の数字（15桁まで）を書き、2つ以上は半角の;で区切ってください。")
    if field.max_length is not None and len(narrow) > field.max_length:
        return _error("too_long", f"{field.max_length}文字までのところに{len(narrow):,}文字あります。")
    return _put_right(Reading(narrow), text, narrow)


def _read_int(field: Field, text: str) -> Reading:
    narrow = text.translate(_WIDE_SIGNS)
    if not re.fullmatch("-?[0-9]+", narrow):
        return _error("not_integer", "半角の整数で書いてください（桁区切り・小数点・単位は使えません）。")
    digits = narrow.lstrip("-").lstrip("0") or "0"
    if len(digits) > 15:
        return _error("out_of_range", "桁が多すぎます。")
    number = int(digits) * (-1 if narrow.startswith("-") else 1)
    if number < 0 <= field.minimum:
        return _error("negative", "負の数は書けません。")
    if not field.minimum <= number <= field.maximum:
        return _error("out_of_range", f"{field.minimum:,}から{field.maximum:,}までで書いてください。")
    if field.values and number not in field.values:
        return _error("unknown_code", f"{'・'.join(str(v) for v in field.values)}のどれかで書いてください。")
    return _put_right(Reading(str(number)), text, narrow)


def _read_flag(field: Field, text: str) -> Reading:
    narrow = text.translate(_WIDE)
    if narrow not in ("0", "1"):
        return _error("unknown_code", "1か0で書いてください。")
    return _put_right(Reading(narrow), text, narrow)


def _read_code(field: Field, text: str) -> Reading:
    codes = field.codes or {}
    narrow = text if text in codes else text.translate(_WIDE)
    if narrow in codes:
        return _put_right(Reading(narrow), text, narrow)
    hint = _EXCEL_HINT if f"0{narrow}" in codes else ""
    return _error("unknown_code", f"コード表にない値です。{hint}")


def _read_date(field: Field, text: str) -> Reading:
    narrow = text.translate(_WIDE_SIGNS)
    match = _WESTERN.fullmatch(narrow)
    if match is None:
        return _read_other_date(text, narrow)
    year = int(match[1])
    month, day = (int(match[3] or match[5]), int(match[4] or match[6]))
    if year == LATEST.year + 7800:  # 9999
        return _error("date_open_end", "期限がないときは、9999年の日付ではなく空にしてください。")
    try:
        value = date(year, month, day)
    except ValueError:
        return _error("date_not_exist", f"{year}年{month}月{day}日という日付はありません。")
    if not EARLIEST <= value <= LATEST:
        return _error("date_range", f"{EARLIEST}から{LATEST}までの日付で書いてください。")
    if not _ISO.fullmatch(narrow):
        return _warning(value.isoformat(), "date_not_iso", f"{value}と読みました。2026-11-21の形で書いてください。")
    return _put_right(Reading(value.isoformat()), text, narrow)


def _read_other_date(text: str, narrow: str) -> Reading:
    """Japanese-era dates are named as such but not taken: the era letter of another system may mean something else."""
    try:
        value = parse_date(narrow)
    except InvalidDate:
        return _error("date_format", "日付は西暦で2026-11-21の形で書いてください。")
    return _error("date_wareki", f"和暦で書かれています。西暦で{value}と書いてください。")


_READERS = {
    Kind.TEXT: _read_text,
    Kind.DIGITS: _read_digits,
    Kind.DIGITS_LIST: _read_digits_list,
    Kind.INT: _read_int,
    Kind.FLAG: _read_flag,
    Kind.CODE: _read_code,
    Kind.DATE: _read_date,
}
