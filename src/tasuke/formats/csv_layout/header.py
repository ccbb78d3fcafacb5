"""The head of a file: what encoding it is in, and which column of the file is which field."""

import csv
from dataclasses import dataclass

from tasuke.core.problems import Problem, Severity
from tasuke.formats.csv_layout.definition import Field, Layout
from tasuke.formats.csv_layout.messages import shorten

_BOM = b"\xef\xbb\xbf"
_HEAD = 65536
_NOTHING = b" \t\r\n\x1a\x00"
_SAVE_AGAIN = "UTF-8で保存し直してください。"
# byte order marks of encodings that are not taken; the longer ones first
_OTHER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_OTHER_ENCODINGS = (
    ("cp932", "Shift_JIS（CP932）"),
    ("euc_jp", "EUC-JP"),
    ("iso2022_jp", "JIS（ISO-2022-JP）"),
    ("utf-16-le", "UTF-16"),
    ("utf-16-be", "UTF-16"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "Excelブック（またはZIP）"),
    (b"\xd0\xcf\x11\xe0", "古いExcelブック"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """columns: per column of the file its field, None for one that the layout does not know; body: offset of the first
    row; line: physical line of the first row."""

    columns: tuple[Field | None, ...]
    body: int
    line: int

    def position(self, name: str) -> int:
        """1-based column of a field in this file."""
        return next(n for n, field in enumerate(self.columns, start=1) if field is not None and field.name == name)


def read_header(data: bytes, layout: Layout) -> tuple[Header | None, list[Problem]]:
    """The header of a file; None with a fatal problem when the file cannot be read as this layout."""
    fault = _not_this_text(data, layout)
    if fault is not None:
        return None, [fault]
    start, line = _skip_blank(data)
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    raw = data[start:end].removesuffix(b"\r")
    labels, fault = _labels(raw, line)
    if fault is not None:
        return None, [fault]
    columns, problems = _match(labels, layout, line)
    if any(p.severity is Severity.FATAL for p in problems):
        return None, problems
    return Header(columns, min(end + 1, len(data)), line + 1), problems


def _fatal(
    code: str, message: str, *, line: int | None = None, column: int | None = None, label: str | None = None
) -> Problem:
    return Problem(code, message, line=line, column=column, field=label, severity=Severity.FATAL)


def _not_this_text(data: bytes, layout: Layout) -> Problem | None:
    """Why the bytes are no UTF-8 text with a header, as far as the first of them tell."""
    start = _skip_blank(data)[0]
    if not data[start : start + _HEAD].strip(_NOTHING) and not data[start:].strip(_NOTHING):
        return _fatal("empty_file", "ファイルが空です。")
    for mark, name in _NOT_TEXT:
        if data.startswith(mark):
            return _fatal("not_csv", f"CSVではなく{name}のファイルです。CSV（UTF-8）で保存し直してください。")
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            return _fatal("wrong_encoding", f"文字コードが{name}です。{_SAVE_AGAIN}")
    head = data[:_HEAD]
    if not any(f.label in head.decode("utf-8", errors="replace") for f in layout.fields):
        for encoding, name in _OTHER_ENCODINGS:
            text = head.decode(encoding, errors="replace")
            if sum(f.label in text for f in layout.fields) * 2 > len(layout.fields):
                return _fatal("wrong_encoding", f"文字コードが{name}です。{_SAVE_AGAIN}", line=1)
    return None


def _skip_blank(data: bytes) -> tuple[int, int]:
    """Offset and physical line of the first line that holds something."""
    start, line = (len(_BOM) if data.startswith(_BOM) else 0), 1
    while data[start : start + 1] in (b"\r", b"\n"):
        line += data[start : start + 1] == b"\n"
        start += 1
    return start, line


def _labels(raw: bytes, line: int) -> tuple[list[str], Problem | None]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [], _fatal(
            "wrong_encoding", f"見出し行がUTF-8として読めません（{error.start + 1}バイト目）。{_SAVE_AGAIN}", line=line
        )
    if "," not in text:
        for mark, name in (("\t", "タブ"), (";", "セミコロン")):
            if mark in text:
                return [], _fatal(
                    "wrong_separator", f"項目の区切りが{name}です。半角のコンマで区切ってください。", line=line
                )
    try:
        row = next(csv.reader([text], strict=True), [])
    except csv.Error:
        return [], _fatal("header_quotes", '見出し行の引用符（"）が正しく閉じていません。', line=line)
    return [label.strip() for label in row], None


def _match(labels: list[str], layout: Layout, line: int) -> tuple[tuple[Field | None, ...], list[Problem]]:
    """Tie each column of the file to a field; every missing, doubled and unknown column is told."""
    known = {field.label: field for field in layout.fields}
    if not any(label in known for label in labels):
        message = f"見出し行がありません。1行目に「{layout.fields[0].label}」などの項目名を書いてください。"
        return (), [_fatal("header_missing", message, line=line)]
    problems = [
        _fatal("column_missing", f"「{field.label}」の列がありません。", line=line, label=field.label)
        for field in layout.fields
        if field.label not in labels
    ]
    for number, label in enumerate(labels, start=1):
        if label in known and label in labels[: number - 1]:
            problems.append(
                _fatal("column_doubled", f"「{label}」の列が2つあります。", line=line, column=number, label=label)
            )
        elif label not in known:
            problems.append(_extra(label, line, number))
    columns = tuple(known.get(label) for label in labels)
    order = [field.name for field in columns if field is not None]
    if not any(p.severity is Severity.FATAL for p in problems) and order != [f.name for f in layout.fields]:
        message = "列の順が決まりと違います。見出しの名前に従って読みました。"
        problems.append(Problem("column_order", message, line=line, severity=Severity.WARNING))
    return columns, problems


def _extra(label: str, line: int, number: int) -> Problem:
    shown = shorten(label) or ""
    message = f"決まりにない列「{shown}」があります。読み飛ばします。"
    return Problem("column_extra", message, line=line, column=number, value=shown, severity=Severity.WARNING)
