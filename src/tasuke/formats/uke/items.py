"""Items of chosen lines as columns of text: the bytes are gathered with numpy, split by Polars' CSV reader."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from tasuke.formats.uke.layouts import Record
from tasuke.formats.uke.scan import Ints, Lines
from tasuke.formats.uke.text import decode, decode_broken

_CHUNK = 200_000
_LF, _CR, _COMMA = 0x0A, 0x0D, 0x2C


def gather(lines: Lines, index: Ints) -> tuple[npt.NDArray[np.uint8], Ints]:
    """The bytes of these lines, each followed by a line feed: (bytes, where each line begins)."""
    start, length = lines.start[index], lines.end[index] - lines.start[index]
    begins = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(length + 1)))
    source = np.arange(begins[-1]) + np.repeat(start - begins[:-1], length + 1)
    taken = lines.data[np.minimum(source, len(lines.data) - 1)]
    taken[begins[1:] - 1] = _LF
    return taken, begins[:-1]


def chunks(index: Ints) -> Iterator[Ints]:
    """The indexes in pieces, so that the memory stays small."""
    for at in range(0, len(index), _CHUNK):
        yield index[at : at + _CHUNK]


def read_items(lines: Lines, index: Ints, record: Record, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Text of the items of these lines; empty items are null.

    Columns: `at` (index of the line), `line` (physical), the items by name, `_items` (how many items the line has, with
    its id), `_broken` (True: not all of its bytes are Shift_JIS).
    """
    wanted = {p.position: p.item.name for p in record.items if names is None or p.item.name in names}
    width = max([record.length, *(position + 1 for position in wanted)])
    pieces = [_read_chunk(lines, part, width, wanted) for part in chunks(index)]
    if pieces:
        return pl.concat(pieces)
    schema = {"at": pl.Int64, "line": pl.Int64, **dict.fromkeys(wanted.values(), pl.String)}
    return pl.DataFrame(schema={**schema, "_items": pl.Int64, "_broken": pl.Boolean})


def _read_chunk(lines: Lines, index: Ints, width: int, wanted: dict[int, str]) -> pl.DataFrame:
    taken, begins = gather(lines, index)
    taken[taken == _CR] = ord(" ")  # a stray CR within a line is damage, not a line end
    commas = np.add.reduceat((taken == _COMMA).astype(np.int64), begins)
    data = taken.tobytes()
    whole = decode(data)
    broken = np.zeros(len(index), dtype=np.bool_)
    if whole is None:
        whole, broken = _decode_each(data)
    frame = _split(whole, len(index), width)
    return frame.select(
        pl.Series("at", index, dtype=pl.Int64),
        pl.Series("line", lines.number[index], dtype=pl.Int64),
        *(pl.col(f"{position}").alias(name) for position, name in sorted(wanted.items())),
        pl.Series("_items", commas + 1, dtype=pl.Int64),
        pl.Series("_broken", broken, dtype=pl.Boolean),
    )


def _decode_each(data: bytes) -> tuple[str, npt.NDArray[np.bool_]]:
    """Line by line: the good ones strictly, the others with U+FFFD where they cannot be read."""
    texts: list[str] = []
    broken: list[bool] = []
    for line in data.split(b"\n")[:-1]:
        text = decode(line)
        broken.append(text is None)
        texts.append(decode_broken(line) if text is None else text)
    return "\n".join([*texts, ""]), np.array(broken, dtype=np.bool_)


def _split(text: str, rows: int, width: int) -> pl.DataFrame:
    """The items of each line as columns "0", "1", …; what stands beyond the width is left out."""
    schema = {f"{position}": pl.String for position in range(width)}
    # a first line of full width, because the reader wants every column of the schema there
    frame = pl.read_csv(
        io.BytesIO(("," * (width - 1) + "\n" + text).encode("utf-8")),
        has_header=False,
        separator=",",
        quote_char=None,
        schema=schema,
        truncate_ragged_lines=True,
        infer_schema=False,
    )
    return frame.slice(1) if frame.height == rows + 1 else _split_plainly(text, width)


def _split_plainly(text: str, width: int) -> pl.DataFrame:
    """The same without the CSV reader, for damaged text that it does not read line by line."""
    items = pl.DataFrame({"line": text.split("\n")[:-1]}).select(pl.col("line").str.split(","))
    item = [pl.col("line").list.get(position, null_on_oob=True) for position in range(width)]
    return items.select(
        pl.when(item[position] != "").then(item[position]).alias(f"{position}") for position in range(width)
    )
