"""照会ファイル: 18 columns, fixed width, comma between, CRLF, 10,000 rows a file; and the result file that comes back.

Widths and names are those that a public tool for benefit inquiries writes (interop.md 3.4); it is the form of a product
for 統合宛名, no official one. Everything is unconfirmed: how values are padded, and all of the result file's own two
columns except 明細ステータス 09 with 特定個人情報ステータス 01 for a good row. ASCII only.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from tasuke.core.problems import Problem

ROWS_PER_FILE = 10_000
GOOD_DETAIL, GOOD_INFORMATION = "09", "01"
UNCONFIRMED = True


@dataclass(frozen=True, slots=True)
class InquiryRow:
    """One inquiry. Every value is text as it stands in the file, without padding; "" where there is none."""

    number_system: str
    atena_no: str
    unified_no: str
    asked_at: str  # YYYYMMDDhhmmssfff
    department: str
    user_id: str
    requester: str
    undisclosed: str  # 0 or 1
    business_code: str
    procedure_code: str
    delegating_requester: str
    delegating_provider: str
    provider: str
    information_code: str
    condition: str  # 照会条件区分
    year_kind: str  # 年度区分
    start: str  # YYYYMMDD
    end: str  # YYYYMMDD


@dataclass(frozen=True, slots=True)
class ResultRow:
    """An inquiry and what became of it."""

    inquiry: InquiryRow
    detail_status: str
    information_status: str

    @property
    def good(self) -> bool:
        """Whether the information came."""
        return (self.detail_status, self.information_status) == (GOOD_DETAIL, GOOD_INFORMATION)


# (name, label, width, pattern of a value that is there)
COLUMNS: tuple[tuple[str, str, int, str], ...] = (
    ("number_system", "番号体系", 2, r"[0-9A-Za-z]{1,2}"),
    ("atena_no", "宛名番号", 15, r"\d{1,15}"),
    ("unified_no", "統合宛名番号", 15, r"\d{15}"),
    ("asked_at", "照会依頼日時", 17, r"\d{17}"),
    ("department", "照会者部署", 20, r"[!-+\--~]{1,20}"),
    ("user_id", "ユーザID", 20, r"[!-+\--~]{1,20}"),
    ("requester", "照会者機関", 16, r"[0-9A-Za-z]{1,16}"),
    ("undisclosed", "照会側不開示", 1, r"[01]"),
    ("business_code", "事務コード", 16, r"[0-9A-Za-z]{1,16}"),
    ("procedure_code", "事務手続コード", 16, r"[0-9A-Za-z]{1,16}"),
    ("delegating_requester", "委任元照会者", 16, r"[0-9A-Za-z]{1,16}"),
    ("delegating_provider", "委任元提供者", 16, r"[0-9A-Za-z]{1,16}"),
    ("provider", "提供者機関", 16, r"[0-9A-Za-z]{1,16}"),
    ("information_code", "特定個人情報名コード", 16, r"[0-9A-Za-z]{1,16}"),
    ("condition", "照会条件区分", 1, r"\d"),
    ("year_kind", "年度区分", 1, r"\d"),
    ("start", "開始日", 8, r"\d{8}"),
    ("end", "終了日", 8, r"\d{8}"),
)
RESULT_COLUMNS = (
    ("detail_status", "明細ステータス", 2, r"\d{2}"),
    ("information_status", "特定個人情報ステータス", 2, r"\d{2}"),
)
_MUST = frozenset(
    {"atena_no", "asked_at", "requester", "undisclosed", "procedure_code", "provider", "information_code"}
)


class Unwritable(ValueError):
    """A value that has no place in the file. The message names the row and the column, never the value."""


def render(rows: Iterable[InquiryRow]) -> bytes:
    """One file. Raises Unwritable: a value that does not fit, one that must be there, or more than 10,000 rows."""
    return _write([[getattr(row, name) for name, *_ in COLUMNS] for row in rows], COLUMNS)


def render_results(rows: Iterable[ResultRow]) -> bytes:
    """One result file. Raises Unwritable."""
    lines = [
        [*(getattr(row.inquiry, name) for name, *_ in COLUMNS), row.detail_status, row.information_status]
        for row in rows
    ]
    return _write(lines, COLUMNS + RESULT_COLUMNS)


def split(rows: Sequence[InquiryRow], *, stem: str) -> Iterator[tuple[str, bytes]]:
    """Files of at most 10,000 rows: (name, content), names `stem_0001.DAT`, `stem_0002.DAT`, …"""
    for number, first in enumerate(range(0, len(rows), ROWS_PER_FILE), start=1):
        yield f"{stem}_{number:04}.DAT", render(rows[first : first + ROWS_PER_FILE])


def parse(data: bytes) -> tuple[list[InquiryRow], list[Problem]]:
    """Good rows of an inquiry file, and what is wrong with the others; raises on no input."""
    lines, problems = _read(data, COLUMNS)
    return [InquiryRow(*values) for values in lines], problems


def parse_results(data: bytes) -> tuple[list[ResultRow], list[Problem]]:
    """Good rows of a result file (good: readable, whatever their status), and what is wrong with the others."""
    lines, problems = _read(data, COLUMNS + RESULT_COLUMNS)
    count = len(fields(InquiryRow))
    return [ResultRow(InquiryRow(*values[:count]), *values[count:]) for values in lines], problems


_Columns = tuple[tuple[str, str, int, str], ...]


def _write(lines: list[list[str]], columns: _Columns) -> bytes:
    if len(lines) > ROWS_PER_FILE:
        raise Unwritable(f"1ファイルは{ROWS_PER_FILE:,}件までです({len(lines):,}件あります)")
    made = []
    for number, values in enumerate(lines, start=1):
        for (name, label, _, pattern), value in zip(columns, values, strict=True):
            why = _wrong(name, pattern, value)
            if why:
                raise Unwritable(f"{number}行目の{label}: {why}")
        made.append(",".join(value.ljust(width) for (_, _, width, _), value in zip(columns, values, strict=True)))
    return "".join(f"{line}\r\n" for line in made).encode("ascii")


def _read(data: bytes, columns: _Columns) -> tuple[list[list[str]], list[Problem]]:
    problems: list[Problem] = []
    found: list[list[str]] = []
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        place = data[: error.start].count(b"\n") + 1
        return [], [Problem("inquiry_file.encoding", "半角英数字以外の文字があります", line=place)]
    lines = text.split("\r\n")
    if lines[-1]:
        problems.append(Problem("inquiry_file.line_end", "最後の行が改行(CRLF)で終わっていません", line=len(lines)))
    for number, line in enumerate(lines[:-1], start=1):
        values, wrong = _line(line, columns, number)
        problems += wrong
        if not wrong:
            found.append(values)
    if len(lines) - 1 > ROWS_PER_FILE:
        problems.append(Problem("inquiry_file.too_many", f"1ファイルは{ROWS_PER_FILE:,}件までです"))
    return found, problems


def _line(line: str, columns: _Columns, number: int) -> tuple[list[str], list[Problem]]:
    cells = line.split(",")
    if len(cells) != len(columns):
        message = f"項目が{len(columns)}個あるはずですが、{len(cells)}個あります"
        return [], [Problem("inquiry_file.columns", message, line=number)]
    values: list[str] = []
    problems: list[Problem] = []
    for (name, label, width, pattern), cell in zip(columns, cells, strict=True):
        value = cell.rstrip(" ")
        why = f"{width}桁の項目です({len(cell)}桁あります)" if len(cell) != width else _wrong(name, pattern, value)
        if why:
            problems.append(Problem("inquiry_file.value", why, line=number, field=label))
        values.append(value)
    return values, problems


def _wrong(name: str, pattern: str, value: str) -> str:
    if not value:
        return "値がありません" if name in _MUST or name.endswith("_status") else ""
    return "" if re.fullmatch(pattern, value, re.ASCII) else "使えない文字か、桁数の違う値です"
