"""Cuts bytes into CSV records (RFC 4180) on whole arrays, with their physical lines, and contains a bad quote's damage.

A missing quote would swallow the rest of a file for a parser that only counts quotes. Here each physical line is looked
at on its own; only a line whose quotes do not add up is followed further, and if that leads nowhere, that line alone is
given up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LF, CR, QUOTE, COMMA = 10, 13, 34, 44
MAX_RECORD_LINES = 100  # a quoted field of more lines is a forgotten quote, not an address
BROKEN_QUOTES = -1

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Records:
    """Records of a block of bytes. Offsets count from the start of the block.

    start, end: bytes of the record without its line break; line: 1-based physical line where it begins;
    fields: number of fields, 0 for a blank line, BROKEN_QUOTES where quotes do not close;
    consumed: bytes used (a record that may go on in the next block is left to it); lines: physical lines used.
    """

    start: Ints
    end: Ints
    line: Ints
    fields: Ints
    consumed: int
    lines: int


@dataclass(frozen=True, slots=True)
class _Lines:
    """Physical lines of a block and their quotes, the raw material of records."""

    data: bytes
    start: Ints
    end: Ints
    quotes: Ints
    quote_line: Ints
    first_quote: Ints
    opens: Bools  # the quote stands where a field may begin
    closes: Bools  # the quote stands where a field may end
    doubled: Bools  # the next quote follows at once


def cut_records(data: bytes, *, expected: int, first_line: int, final: bool) -> Records:
    """Records of `data`, which begins at a record and ends after a line break, or (final) at the end of the file.

    expected: number of fields of a good record (a record over several lines that has another number is not believed).
    """
    octets = np.frombuffer(data, dtype=np.uint8)
    if not len(octets):
        nothing = np.zeros(0, np.int64)
        return Records(nothing, nothing, nothing, nothing, 0, 0)
    breaks = np.flatnonzero(octets == LF).astype(np.int64)
    ends = breaks if data.endswith(b"\n") else np.append(breaks, len(data))
    starts = np.concatenate([np.zeros(1, np.int64), breaks + 1])[: len(ends)]
    quotes = np.flatnonzero(octets == QUOTE).astype(np.int64)
    ends = ends - ((ends > starts) & (octets[np.maximum(ends - 1, 0)] == CR))
    fields = _count_fields(octets, starts, quotes)
    fields[ends == starts] = 0
    line = first_line + np.arange(len(starts), dtype=np.int64)
    if not len(quotes):
        return Records(starts, ends, line, fields, len(data), len(starts))
    lines = _look_at_quotes(data, octets, starts, ends, quotes)
    return _join_lines(lines, line, fields, expected=expected, final=final)


def _count_fields(octets: Octets, starts: Ints, quotes: Ints) -> Ints:
    """Fields per physical line, as if each line began outside quotes."""
    if len(quotes):
        # uint8 may wrap around: only the lowest bit (odd: inside quotes) is looked at
        parity = np.cumsum(octets == QUOTE, dtype=np.uint8)
        before = np.where(starts > 0, parity[np.maximum(starts - 1, 0)], 0).astype(np.uint8)
        lengths = np.diff(np.append(starts, len(octets)))
        inside = (parity - np.repeat(before, lengths)) & 1
        commas = np.flatnonzero((octets == COMMA) & (inside == 0))
    else:
        commas = np.flatnonzero(octets == COMMA)
    edges = np.searchsorted(commas, np.append(starts, len(octets)))
    return (np.diff(edges) + 1).astype(np.int64)


def _look_at_quotes(data: bytes, octets: Octets, starts: Ints, ends: Ints, quotes: Ints) -> _Lines:
    """What stands before and after each quote."""
    padded = np.concatenate([np.array([LF], np.uint8), octets, np.array([LF, LF], np.uint8)])
    before, after, second = padded[quotes], padded[quotes + 2], padded[quotes + 3]
    return _Lines(
        data=data,
        start=starts,
        end=ends,
        quotes=quotes,
        quote_line=np.searchsorted(starts, quotes, side="right") - 1,
        first_quote=np.searchsorted(quotes, starts),
        opens=(before == COMMA) | (before == LF),
        closes=(after == COMMA) | (after == LF) | ((after == CR) & (second == LF)),
        doubled=after == QUOTE,
    )


def _join_lines(lines: _Lines, line: Ints, fields: Ints, *, expected: int, final: bool) -> Records:
    """Records out of lines: the doubtful ones are followed one by one, all others stand as they are."""
    keep = np.ones(len(line), dtype=np.bool_)
    ends = lines.end.copy()
    consumed, used = len(lines.data), len(line)
    free = 0  # lines below this number belong to an earlier record
    for number in np.flatnonzero(_doubtful(lines)).tolist():
        if number < free:
            continue
        last, count = _follow(lines, number)
        if last is None and not final and len(line) - number < MAX_RECORD_LINES:
            keep[number:] = False
            consumed, used = int(lines.start[number]), number
            break
        if last is None or (last > number and count != expected):
            fields[number] = BROKEN_QUOTES
            continue
        keep[number + 1 : last + 1] = False
        ends[number], fields[number] = lines.end[last], count
        free = last + 1
    return Records(lines.start[keep], ends[keep], line[keep], fields[keep], consumed, used)


def _doubtful(lines: _Lines) -> Bools:
    """Lines that are not whole on their own: an odd number of quotes, or a quote in a place where none may stand."""
    rank = np.arange(len(lines.quotes)) - lines.first_quote[lines.quote_line]
    opening = rank % 2 == 0
    follows = np.concatenate([[False], lines.doubled[:-1]]) & (rank > 0)
    wrong = np.where(opening, ~(lines.opens | follows), ~(lines.closes | lines.doubled))
    count = np.bincount(lines.quote_line, minlength=len(lines.start))
    wrong_count = np.bincount(lines.quote_line, weights=wrong, minlength=len(lines.start))
    doubtful: Bools = (count % 2 == 1) | (wrong_count > 0)
    return doubtful


def _follow(lines: _Lines, number: int) -> tuple[int | None, int]:
    """Follow the quotes from a line to the end of its record: (last line, fields); (None, 0) when no end is found."""
    quote, here, position, commas = int(lines.first_quote[number]), number, int(lines.start[number]), 0
    total = len(lines.quotes)
    while quote < total and lines.quote_line[quote] == here:
        at = int(lines.quotes[quote])
        if not lines.opens[quote] or (at != lines.start[number] and lines.data[at - 1] != COMMA):
            return None, 0
        commas += lines.data.count(b",", position, at)
        closing = _closing_quote(lines, quote, number)
        if closing is None:
            return None, 0
        here, position, quote = int(lines.quote_line[closing]), int(lines.quotes[closing]) + 1, closing + 1
    return here, commas + lines.data.count(b",", position, int(lines.end[here])) + 1


def _closing_quote(lines: _Lines, opening: int, number: int) -> int | None:
    """Index of the quote that closes the one at `opening`; None when there is none near enough or text follows it."""
    quote = opening + 1
    while quote < len(lines.quotes) and lines.quote_line[quote] - number < MAX_RECORD_LINES:
        if lines.doubled[quote]:
            quote += 2
        else:
            return quote if lines.closes[quote] else None
    return None
