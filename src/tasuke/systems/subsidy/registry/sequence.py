"""Gaps of the running number of a feed: what never arrived, told apart from rows that arrived and were refused."""

import csv
from collections.abc import Collection, Mapping
from io import BytesIO

import polars as pl

from tasuke.core.problems import Problem, Severity

HEADING = "連番"
# named gaps of the running number; a file with more of them is broken elsewhere
_GAPS_NAMED = 20


def refused_numbers(data: bytes, lines: Collection[int]) -> dict[int, int | None]:
    """The running number of each refused line of a CSV file with a heading; None where it cannot be read."""
    if not lines:
        return {}
    wanted = set(lines)
    heading: list[str] = []
    found: dict[int, int | None] = dict.fromkeys(wanted)
    for line, raw in enumerate(BytesIO(data), start=1):
        if line == 1:
            heading = [name.strip() for name in _fields(raw.removeprefix(b"\xef\xbb\xbf"))]
        elif line in wanted:
            found[line] = _number(_fields(raw), heading)
    return found


def _fields(raw: bytes) -> list[str]:
    try:
        return next(csv.reader([raw.decode("utf-8").rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):  # the reader of the file has told what is wrong with this line
        return []


def _number(fields: list[str], heading: list[str]) -> int | None:
    """None also when the columns have shifted: the number may be another one's."""
    if HEADING not in heading or len(fields) != len(heading):
        return None
    text = fields[heading.index(HEADING)].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def sequence_gaps(frame: pl.DataFrame, *, refused: Mapping[int, int | None]) -> list[Problem]:
    """A warning for each run of numbers missing in `seq`: rows that got lost on the way.

    frame: the rows that were read, with `line` and `seq`; refused: line → number (None: unreadable) of the rows that
    were refused, which have been told already and are no gap.
    """
    if "seq" not in frame.columns or frame.height < 2:
        return []
    gaps = _holes(frame, refused)
    problems = [
        _warning(f"連番が飛んでいます({before + 1}から{seq - 1}まで)。行が抜けていないか、送り側に確かめてください。")
        for seq, before in gaps.select("seq", "before").head(_GAPS_NAMED).iter_rows()
    ]
    if gaps.height > _GAPS_NAMED:
        problems.append(_warning(f"連番の飛びがほかに{gaps.height - _GAPS_NAMED}か所あります。"))
    return problems


def _holes(frame: pl.DataFrame, refused: Mapping[int, int | None]) -> pl.DataFrame:
    """seq, before: the numbers on both sides of each hole."""
    schema = {"line": pl.Int64, "seq": pl.Int64}
    there = frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    lowest, highest = there["seq"].min(), there["seq"].max()
    told = [(line, number) for line, number in refused.items() if number is not None]
    # a refused number fills a hole; it never makes one: it may be the fault of its row
    filling = pl.DataFrame(told, schema=schema, orient="row").filter(pl.col("seq").is_between(lowest, highest))
    numbers = pl.concat([there, filling]).sort("seq").with_columns(
        before=pl.col("seq").shift(1), line_before=pl.col("line").shift(1)
    )  # fmt: skip
    gaps = numbers.filter(pl.col("seq") - pl.col("before") > 1)
    unread = pl.Series([line for line, number in refused.items() if number is None], dtype=pl.Int64).sort()
    # refused rows without a readable number, standing where the missing ones would
    between = unread.search_sorted(gaps["line"]) - unread.search_sorted(gaps["line_before"]).cast(pl.Int64)
    return gaps.filter(between < gaps["seq"] - gaps["before"] - 1)


def _warning(message: str) -> Problem:
    return Problem("sequence_gap", message, field=HEADING, severity=Severity.WARNING)
