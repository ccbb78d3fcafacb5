"""The rows of a delimited file as columns of text: encoding, quotes, header rows, titles."""

import csv
from collections import Counter
from dataclasses import dataclass

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.claims_csv.definition import Column, Mapping

_FIELD_LIMIT = 131_072  # of Python's csv reader; a longer field is a lost quote


@dataclass(frozen=True, slots=True)
class Table:
    """rows: `line`, `_items`, the items of each row as "0", "1", … (null = empty); titles: where each title stands."""

    rows: pl.DataFrame
    titles: dict[str, int]
    width: int

    def at(self, column: Column) -> int | None:
        """Index of a column given by number (from 1) or title; None when the file has no such column."""
        if isinstance(column, int):
            return column - 1 if column <= self.width else None
        return self.titles.get(column)


def read_table(data: bytes, mapping: Mapping) -> tuple[Table | None, list[Problem]]:
    """Split the file. None: nothing of it can be used (severity FATAL)."""
    text, problems = _decoded(data.rstrip(b"\x1a"), mapping)
    if text is None:
        return None, problems
    try:
        listed = _split(text, mapping)
    except csv.Error as error:
        return None, [*problems, _fatal("BROKEN_QUOTES", f"引用符の閉じ忘れなどで区切れません: {error}")]
    header, body = listed[: mapping.file.header_rows], listed[mapping.file.header_rows :]
    if len(header) < mapping.file.header_rows:
        return None, [*problems, _fatal("EMPTY_FILE", "見出しの行がありません。")]
    titles, more = _titles(header, mapping)
    problems += more
    if any(problem.severity is Severity.FATAL for problem in more):
        return None, problems
    width = max([len(titles), len(mapping.file.titles), *(len(items) for _, items in header)])
    # without titles: as wide as most of the rows
    width = width or Counter(len(items) for _, items in body).most_common(1)[0][0] if body else width
    return Table(_frame(body, width), titles, width), problems


def _fatal(code: str, message: str) -> Problem:
    return Problem(code, message, severity=Severity.FATAL)


def _decoded(data: bytes, mapping: Mapping) -> tuple[str | None, list[Problem]]:
    """The text; lines that are not of the encoding are kept with U+FFFD and a WARNING."""
    if not data.strip():
        return None, [_fatal("EMPTY_FILE", "ファイルが空です。")]
    encoding = mapping.file.encoding
    if encoding == "utf-8":
        data = data.removeprefix(b"\xef\xbb\xbf")
    other = _other_encoding(data, encoding)
    if other is not None:
        message = f"文字コードが {other} のようです。列対応表では {encoding} です。"
        return None, [_fatal("WRONG_ENCODING", message)]
    try:
        return data.decode(encoding), []
    except UnicodeDecodeError:
        pass
    texts, problems = [], []
    for number, line in enumerate(data.split(b"\n"), start=1):
        text = line.decode(encoding, errors="replace")
        texts.append(text)
        if "\ufffd" in text:
            message = "文字コードとして読めない文字があります。読めない文字は置き換えました。"
            problems.append(Problem("UNREADABLE_TEXT", message, line=number, severity=Severity.WARNING))
    return "\n".join(texts), problems


def _other_encoding(data: bytes, encoding: str) -> str | None:
    """The encoding that the bytes really have, when it is not the one of the mapping."""
    if data.isascii():
        return None
    if encoding == "utf-8":
        return None if _decodes(data, "utf-8") or not _decodes(data, "cp932") else "Shift_JIS(cp932)"
    if data.startswith(b"\xef\xbb\xbf") or (_decodes(data, "utf-8") and _is_japanese(data.decode("utf-8"))):
        return "UTF-8"
    return None


def _is_japanese(text: str) -> bool:
    return any("\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in text)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _split(text: str, mapping: Mapping) -> list[tuple[int, list[str]]]:
    """Rows with the physical line on which they begin; blank lines are left out."""
    delimiter = mapping.file.delimiter
    if not (mapping.file.quoted and '"' in text):
        rows = (line.split(delimiter) for line in text.replace("\r\n", "\n").split("\n"))
        return [(number, items) for number, items in enumerate(rows, start=1) if items != [""]]
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    result: list[tuple[int, list[str]]] = []
    begin = 1
    for items in reader:
        if items:
            result.append((begin, items))
        begin = reader.line_num + 1
    return result


def _titles(header: list[tuple[int, list[str]]], mapping: Mapping) -> tuple[dict[str, int], list[Problem]]:
    """Where each title stands, from the title row or from the mapping; missing and doubled titles condemn the file."""
    file = mapping.file
    if file.title_row == 0:
        return {title: at for at, title in enumerate(file.titles)}, []
    line, found = header[file.title_row - 1]
    names = [name.strip() for name in found]
    wanted = dict.fromkeys(file.titles or _used_titles(mapping))
    problems = []
    for name in wanted:
        if names.count(name) != 1:
            why = "ありません" if name not in names else "2つ以上あります"
            message = f"列名「{name}」が{why}。列対応表とファイルが合っていません。"
            problems.append(Problem("WRONG_TITLES", message, line=line, field=name, severity=Severity.FATAL))
    return {name: names.index(name) for name in names if name}, problems


def _used_titles(mapping: Mapping) -> list[str]:
    """Titles that the mapping refers to."""
    columns: list[Column | None] = [field.column for field in mapping.field]
    for kohi in mapping.kohi:
        columns += [kohi.present, *(field.column for field in kohi.field)]
    if mapping.rows is not None:
        columns.append(mapping.rows.column)
    if mapping.total is not None:
        columns += [mapping.total.column, mapping.total.count, mapping.total.cost, mapping.total.copay]
    return [column for column in columns if isinstance(column, str)]


def _frame(body: list[tuple[int, list[str]]], width: int) -> pl.DataFrame:
    columns: dict[str, list[str | None]] = {}
    for position in range(width):
        columns[f"{position}"] = [items[position] if len(items) > position else None for _, items in body]
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String), orient="row")
    stripped = [pl.col(name).str.strip_chars(" \u3000\t\r\n") for name in columns]
    frame = frame.with_columns(stripped).with_columns(pl.when(pl.all() != "").then(pl.all()).name.keep())
    return frame.with_columns(
        pl.Series("line", [number for number, _ in body], dtype=pl.Int64),
        pl.Series("_items", [len(items) for _, items in body], dtype=pl.Int64),
    )
