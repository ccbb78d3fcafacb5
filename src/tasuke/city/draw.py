"""Random draws for the synthetic city: one independent stream per purpose, whole columns at a time.

A stream depends on the seed and on its own name only, so a new stage never shifts the draws of another one.
"""

import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1).toordinal()
NO_DAY = -(2**31)  # "no such day" inside integer day columns


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one purpose."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def day_number(day: date) -> int:
    """Days since 1970-01-01, the integer form of pl.Date."""
    return day.toordinal() - EPOCH


def to_date(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(int(number) + EPOCH)


def date_series(name: str, days: Ints) -> pl.Series:
    """A pl.Date column from day numbers; NO_DAY becomes null."""
    raw = pl.Series(name, days, dtype=pl.Int64)
    return raw.set(raw == NO_DAY, None).cast(pl.Int32).cast(pl.Date)


def days_of(series: pl.Series) -> Ints:
    """Day numbers of a pl.Date column; null becomes NO_DAY."""
    return series.cast(pl.Int32).cast(pl.Int64).fill_null(NO_DAY).to_numpy()


def choose(rng: np.random.Generator, weights: Sequence[float] | npt.NDArray[Any], size: int) -> Ints:
    """Indexes drawn by weight; one binary search a row, so that millions are cheap."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    picked = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(picked, len(edges) - 1), dtype=np.int64)


def chance(rng: np.random.Generator, probability: float | Floats, size: int) -> Bools:
    """True with the given probability, row by row."""
    return rng.random(size) < probability


def take(values: pl.Series, index: Ints) -> pl.Series:
    """Rows of a word list by index; -1 gives null."""
    picked = pl.Series(index, dtype=pl.Int64)
    return values.gather(picked.set(picked < 0, None))


def digits(values: Ints, width: int) -> pl.Series:
    """Zero-padded decimal text."""
    return pl.Series(values, dtype=pl.Int64).cast(pl.String).str.zfill(width)


def weight21(bodies: Ints, width: int) -> Ints:
    """Check digit of the 検証番号 rule for whole columns (formats.md 3.1): weights 2,1,2,1… from the right."""
    total = np.zeros(len(bodies), dtype=np.int64)
    rest = bodies.astype(np.int64)
    for position in range(width):
        product = (rest % 10) * (2 if position % 2 == 0 else 1)
        total += product // 10 + product % 10
        rest = rest // 10
    return (10 - total % 10) % 10


def with_weight21(bodies: Ints, width: int) -> pl.Series:
    """Zero-padded body of `width` digits followed by its check digit."""
    return digits(bodies * 10 + weight21(bodies, width), width + 1)


def modulus11(bodies: Ints, width: int) -> Ints:
    """Check digit M11W2-7 of 宛名番号; 10 marks bodies with remainder 1 (no digit defined: leave out)."""
    total = np.zeros(len(bodies), dtype=np.int64)
    rest = bodies.astype(np.int64)
    for position in range(width):
        total += (rest % 10) * (position % 6 + 2)
        rest = rest // 10
    remainder = total % 11
    return np.where(remainder == 0, 0, 11 - remainder)


def atena_numbers(count: int, first: int = 1) -> pl.Series:
    """Running 宛名番号, 10 digits with check digit; bodies without a defined check digit are skipped."""
    bodies = np.arange(first, first + count + count // 8 + 20, dtype=np.int64)
    check = modulus11(bodies, 9)
    good = check < 10
    return digits((bodies * 10 + check)[good][:count], 10)
