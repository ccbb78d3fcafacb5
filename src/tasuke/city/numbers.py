"""個人番号 files of the city: synthetic numbers alone, which can be nobody's (formats/my_number_feed).

A number follows from the seed and the 宛名番号, so that a person has the same one in every file and no two share one.
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from tasuke.city.draw import stream
from tasuke.core.numbers import synthetic_my_number

_BODIES = 10**11
_FIRST_DAY = date(2015, 10, 5)  # 番号法附則: numbers are given from this day on
_RESIDENT = "1"
_GIVEN = "1"


def number_rows(residents: pl.DataFrame, *, seed: int, known: Iterable[str] = ()) -> pl.DataFrame:
    """付番 rows for the residents among rows of the 住民情報 layout; `known` have theirs already."""
    has_one = pl.col("atena_no").is_in(list(known))
    people = residents.filter((pl.col("resident_status") == _RESIDENT) & ~has_one).unique(
        "atena_no", keep="first", maintain_order=True
    )
    # since when: a newcomer from birth or moving in, the others from the first day of the numbers
    day = pl.max_horizontal(pl.coalesce("resident_since", "event_date"), pl.lit(_FIRST_DAY))
    return people.select(
        seq=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        atena_no="atena_no",
        my_number=pl.Series(_numbers(people["atena_no"], seed), dtype=pl.String),
        event=pl.lit(_GIVEN),
        valid_from=day,
    )


def _numbers(atena_nos: pl.Series, seed: int) -> list[str]:
    """One to one: 宛名番号 without its check digit, times an odd factor that 5 does not divide, modulo 10^11."""
    rng = stream(seed, "my-numbers")
    factor = int(rng.integers(10**9, 10**10)) * 10 + 7
    shift = int(rng.integers(0, _BODIES))
    return [synthetic_my_number(f"{(int(no[:-1]) * factor + shift) % _BODIES:011}") for no in atena_nos]
