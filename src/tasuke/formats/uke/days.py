"""The days of a month that a record marks: one item for each day 1-31, read from the bytes without splitting lines."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasuke.formats.uke.items import chunks, gather
from tasuke.formats.uke.scan import Ints, Lines

_COMMA, _LF = 0x2C, 0x0A
_ZERO, _ONE, _NINE = ord("0"), ord("1"), ord("9")


@dataclass(frozen=True, slots=True)
class Marks:
    """Items of days that are not empty: index of the line in Lines, day 1-31, the number written there."""

    at: Ints
    day: Ints
    value: Ints


def day_marks(lines: Lines, index: Ints, first_position: int) -> Marks:
    """All numbers in the 31 items from `first_position` on; what is no number of up to three digits is left out."""
    parts = [_marks(lines, part, first_position) for part in chunks(index)]
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Marks(none, none, none)
    return Marks(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.day for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


def _marks(lines: Lines, index: Ints, first_position: int) -> Marks:
    taken, begins = gather(lines, index)
    comma = taken == _COMMA
    filled = np.flatnonzero(comma[:-1] & (taken[1:] >= _ZERO) & (taken[1:] <= _NINE)) + 1
    position_in_file = np.cumsum(comma, dtype=np.int64)
    row = np.searchsorted(begins, filled, side="right") - 1
    day = position_in_file[filled] - (position_in_file[begins[row]] - comma[begins[row]]) - first_position + 1
    within = (day >= 1) & (day <= 31)
    filled, row, day = filled[within], row[within], day[within]
    value, good = _numbers(taken, filled)
    return Marks(index[row[good]], day[good], value[good])


def _numbers(taken: np.ndarray, begin: Ints) -> tuple[Ints, np.ndarray]:
    """The numbers of one to three digits that begin at these bytes, and which of them end where an item ends."""
    value = np.zeros(len(begin), dtype=np.int64)
    ended = np.zeros(len(begin), dtype=np.bool_)
    failed = np.zeros(len(begin), dtype=np.bool_)
    for step in range(4):
        byte = taken[np.minimum(begin + step, len(taken) - 1)]
        ends = (byte == _COMMA) | (byte == _LF)
        digit = (byte >= _ZERO) & (byte <= _NINE) & (step < 3)
        ended |= ends & ~failed
        failed |= ~ended & ~digit
        value = np.where(ended | failed, value, value * 10 + byte.astype(np.int64) - _ZERO)
    return value, ended & ~failed


def masks(receipts: int, receipt: Ints, day: Ints) -> Ints:
    """Bit k-1 of a receipt is set when day k is marked in any of its lines."""
    mask = np.zeros(receipts, dtype=np.int64)
    np.bitwise_or.at(mask, receipt, np.int64(1) << (day - 1))
    return mask


def bits(mask: Ints) -> Ints:
    """How many days are set."""
    return np.bitwise_count(mask.view(np.uint64)).astype(np.int64)


def marked_frame(marks: Marks) -> pl.DataFrame:
    """The marks as a frame: at, day, value."""
    return pl.DataFrame({"at": marks.at, "day": marks.day, "value": marks.value})
