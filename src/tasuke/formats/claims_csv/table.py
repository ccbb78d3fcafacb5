"""The rows of a delimited file as columns of text: encoding, quotes, header rows, titles."""

import csv
from collections.abc import Container, Iterator
from dataclasses import dataclass

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.claims_csv.definition import Column, Mapping

_BLANKS = " \u3000\t\r\n"
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
        header, body = _split(text, mapping)
    except csv.Error as error:
        return None, [*problems, _fatal("BROKEN_QUOTES", f"引用符の閉じ忘れなどで区切れません: {error}")]
    if len(header) < mapping.file.header_rows:
        return None, [*problems, _fatal("EMPTY_FILE", "見出しの行がありません。")]
    titles, more = _titles(header, mapping)
    problems += more
    if any(problem.severity is Severity.FATAL for problem in more):
        return None, problems
    width = max([len(titles), len(mapping.file.titles), *(len(items) for _, items in header)])
    if not width and body.height:  # without titles: as wide as most of the rows
        width = int(body["_items"].value_counts(sort=True).row(0)[0])
    return Table(_columns(body, width), titles, width), problems


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
        pass  # told line by line below; good lines go on
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


def _split(text: str, mapping: Mapping) -> tuple[list[tuple[int, list[str]]], pl.DataFrame]:
    """Header rows (physical line, items) and the body: `line` (on which the row begins), `items` (a list), `_items`."""
    file = mapping.file
    if file.quoted and '"' in text:
        listed = list(_quoted_rows(text, file.delimiter))
        header = listed[: file.header_rows]
        body = pl.DataFrame(
            listed[file.header_rows :], schema={"line": pl.Int64, "items": pl.List(pl.String)}, orient="row"
        )
        return header, body.with_columns(_items=pl.col("items").list.len().cast(pl.Int64))
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", offset=1)
    lines = lines.select(pl.col("line").cast(pl.Int64), pl.col("text").str.strip_suffix("\r"))
    lines = lines.filter(pl.col("text") != "")
    header = [(line, row.split(file.delimiter)) for line, row in lines.head(file.header_rows).iter_rows()]
    body = lines.slice(file.header_rows).select("line", items=pl.col("text").str.split(file.delimiter))
    return header, body.with_columns(_items=pl.col("items").list.len().cast(pl.Int64))


def _quoted_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file with quotes; a field may hold line breaks. Blank lines are left out."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    begin = 1
    for items in reader:
        if items:
            yield begin, items
        begin = reader.line_num + 1


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
    if file.titles and not problems:
        problems += _extra_titles(names, wanted, line)
    return {name: names.index(name) for name in names if name}, problems


def _extra_titles(names: list[str], wanted: Container[str], line: int) -> list[Problem]:
    """Columns that a mapping with a full list of titles does not know: told, and left alone."""
    return [
        Problem(
            "EXTRA_TITLE",
            f"列対応表にない列「{name}」があります。読み飛ばします。",
            line=line,
            column=at,
            field=name,
            severity=Severity.WARNING,
        )
        for at, name in enumerate(names, start=1)
        if name and name not in wanted
    ]


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


def _columns(body: pl.DataFrame, width: int) -> pl.DataFrame:
    """The items as columns "0", "1", …, without blanks around them, null when empty."""
    names = [f"{position}" for position in range(width)]
    items = [
        pl.col("items").list.get(at, null_on_oob=True).str.strip_chars(_BLANKS).alias(f"{at}") for at in range(width)
    ]
    frame = body.select("line", "_items", *items)
    return frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names)
