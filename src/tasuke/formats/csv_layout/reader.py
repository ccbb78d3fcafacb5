"""Reads a CSV feed in blocks of whole columns. Good rows go on; every other row is named with line, column, reason."""

from io import BytesIO

import numpy as np
import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.csv_layout.context import FileContext
from tasuke.formats.csv_layout.definition import Layout
from tasuke.formats.csv_layout.header import read_header
from tasuke.formats.csv_layout.messages import ProblemLog
from tasuke.formats.csv_layout.records import BROKEN_QUOTES, CR, Bools, Records, cut_records
from tasuke.formats.csv_layout.rows import read_rows
from tasuke.formats.csv_layout.whole_file import check_digits, repeated_keys

BLOCK_BYTES = 32 * 1024 * 1024  # bounds the memory of the arrays of offsets; larger blocks are not faster


def parse(data: bytes, layout: Layout, *, block_bytes: int = BLOCK_BYTES) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows of a file (columns: `line`, then those of the layout) and all that is wrong with it. Raises on no input.

    A row with an ERROR is not in the frame, one with only WARNINGs is. A FATAL problem comes with an empty frame.
    Warnings of one kind are listed up to messages.WARNINGS_PER_KIND times; errors are all listed.
    """
    empty = pl.DataFrame(schema=layout.schema)
    log = ProblemLog()
    data = data.removesuffix(b"\x1a")  # end-of-file mark of old systems
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
        log.add(Problem("line_breaks", "改行がCRだけです。CRLFかLFにしてください。", severity=Severity.WARNING))
    header, problems = read_header(data, layout)
    for problem in problems:
        log.add(problem)
    if header is None:
        return empty, log.result()
    context = FileContext(layout, header, log)
    frame = pl.concat([empty, *_read_blocks(context, data, block_bytes)], rechunk=False)
    check_digits(context, frame)
    frame = repeated_keys(context, frame)
    return frame, log.result()


def _read_blocks(context: FileContext, data: bytes, block_bytes: int) -> list[pl.DataFrame]:
    """The good rows of all blocks. A block ends at a line break; a record that may go on is left to the next block."""
    at, line, size, rows = context.header.body, context.header.line, block_bytes, 0
    frames = []
    while at < len(data):
        end = len(data) if at + size >= len(data) else data.rfind(b"\n", at, at + size) + 1
        block, final = data[at:end], end == len(data)
        records = cut_records(block, expected=len(context.header.columns), first_line=line, final=final)
        if records.consumed == 0:
            size *= 2  # one record is longer than the block
            continue
        rows += int((records.fields != 0).sum())
        frames.append(_read_block(context, block[: records.consumed], records, final=final))
        at, line, size = at + records.consumed, line + records.lines, block_bytes
    if rows == 0:
        context.log.add(Problem("no_rows", "見出し行だけで、データの行がありません。", severity=Severity.WARNING))
    elif not data.endswith(b"\n"):
        message = "最後の行が改行で終わっていません。ファイルが途中で切れていないか確認してください。"
        context.log.add(Problem("no_final_newline", message, line=line - 1, severity=Severity.WARNING))
    return frames


def _read_block(context: FileContext, block: bytes, records: Records, *, final: bool) -> pl.DataFrame:
    """The good rows of one block."""
    whole = _whole_records(context, block, records, final=final)
    if not whole.any():
        return pl.DataFrame(schema=context.layout.schema)
    texts = _texts(context, block, records, whole)
    return read_rows(context, texts, records.line[whole], controls=_has_controls(block))


def _whole_records(context: FileContext, block: bytes, records: Records, *, final: bool) -> Bools:
    """Records with the right number of fields in good UTF-8; the others are told."""
    expected = len(context.header.columns)
    whole: Bools = records.fields == expected
    for row in np.flatnonzero(~whole).tolist():
        cut = final and row == len(whole) - 1 and not block.endswith(b"\n")
        context.log.add(_bad_record(int(records.fields[row]), expected, int(records.line[row]), cut=cut))
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        for row in np.flatnonzero(whole).tolist():
            problem = _bad_bytes(block[records.start[row] : records.end[row]], int(records.line[row]))
            if problem is not None:
                context.log.add(problem)
                whole[row] = False
    return whole


def _bad_record(fields: int, expected: int, line: int, *, cut: bool) -> Problem:
    if fields == 0:
        return Problem("blank_line", "空の行です。読み飛ばします。", line=line, severity=Severity.WARNING)
    hint = "ファイルが途中で切れている可能性があります。" if cut else ""
    if fields == BROKEN_QUOTES:
        return Problem("broken_quotes", f'引用符（"）の使い方が正しくありません。{hint}', line=line)
    return Problem("field_count", f"{expected}列のところが{fields:,}列です。{hint}", line=line, value=str(fields))


def _bad_bytes(record: bytes, line: int) -> Problem | None:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = record[error.start : error.start + 8].hex(" ")
        message = f"行の{error.start + 1}バイト目がUTF-8として読めません。文字コードが混ざっています。"
        return Problem("bad_bytes", message, line=line, column=error.start + 1, value=shown)
    return None


def _has_controls(block: bytes) -> bool:
    octets = np.frombuffer(block, dtype=np.uint8)
    low = int((octets < 32).sum()) - sum(block.count(b) for b in (b"\t", b"\n", b"\r"))
    return low > 0 or b"\x7f" in block


def _texts(context: FileContext, block: bytes, records: Records, whole: Bools) -> pl.DataFrame:
    """The fields of the whole records as text columns, named after the fields; null where empty."""
    columns = context.header.columns
    names = {f"#{n}" if known is None else known.name: pl.String for n, known in enumerate(columns)}
    frame = pl.read_csv(
        BytesIO(_only_whole(block, records, whole)),
        has_header=False,
        schema=names,
        infer_schema=False,
        raise_if_empty=False,
    )
    if frame.height != int(whole.sum()):
        raise AssertionError("the CSV parser and the record cutter disagree on the number of records")
    wanted = [known.name for known in columns if known is not None]
    return frame.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in wanted)


def _only_whole(block: bytes, records: Records, whole: Bools) -> bytes:
    """The bytes of the whole records alone, each ending in LF."""
    octets = np.frombuffer(block, dtype=np.uint8)
    breaks = records.end[(records.end < len(octets))]
    returns = breaks[octets[breaks] == CR]
    if whole.all() and not len(returns):
        return block
    keep = np.ones(len(octets), dtype=np.bool_)
    keep[returns] = False
    after = np.append(records.start[1:], len(octets))
    for row in np.flatnonzero(~whole).tolist():
        keep[records.start[row] : after[row]] = False
    return octets[keep].tobytes()
