"""Receipts that a city must refuse: handed in twice, or after the deadline of the scheme."""

import numpy as np
import polars as pl

from tasuke.city.draw import stream
from tasuke.city.eligibility import World
from tasuke.city.enrolment import Enrolment
from tasuke.city.mistakes import MistakeKind, expected_count, rows_to_spoil

_KEY = 90_000_000_000
_MARGIN = 45  # days behind the deadline at least, whatever the way of counting


def doubled(rows: pl.DataFrame, rate: float, seed: int, window_end: int) -> pl.DataFrame:
    """The same receipt line once more, some weeks later under another number."""
    pool = rows.filter(pl.col("kind").is_null(), pl.col("received_on") + 40 < window_end, pl.col("subsidy") > 0)
    wanted = expected_count(rate, rows.height, seed, "doubled")
    chosen = pool[rows_to_spoil(wanted, pool.height, seed, "doubled")]
    keys = np.arange(_KEY, _KEY + chosen.height, dtype=np.int64)
    return chosen.with_columns(
        key=pl.Series(keys),
        received_on=pl.col("received_on") + 33,
        kind=pl.lit(MistakeKind.RECEIPT_DOUBLED.value),
        note=pl.lit("同じ領収書の再提出"),
    )


def too_late(rows: pl.DataFrame, rate: float, seed: int, enrolment: Enrolment, world: World) -> pl.DataFrame:
    """A service of years ago. Only schemes with a known deadline, and persons who were entitled already then."""
    years = {}
    for scheme in enrolment.schemes:
        deadline = scheme.version[-1].deadline
        if deadline.years is not None:
            years[scheme.id] = deadline.years
    days = rows["scheme"].replace_strict(years, default=None, return_dtype=pl.Int64) * 366 + _MARGIN
    old = rows.with_columns(back=days, begun=pl.col("start").cast(pl.Int32).cast(pl.Int64))
    pool = old.filter(
        pl.col("kind").is_null(),
        pl.col("back").is_not_null(),
        ~pl.col("inpatient"),
        pl.col("reason").is_in(["1", "2", "9"]),
        pl.col("service_day") - pl.col("back") > pl.col("begun") + 10,
    )
    wanted = expected_count(rate, rows.height, seed, "late")
    chosen = pool[rows_to_spoil(wanted, pool.height, seed, "late")]
    more = stream(seed, "late.days").integers(0, 60, chosen.height)
    keys = np.arange(_KEY + 1_000_000, _KEY + 1_000_000 + chosen.height, dtype=np.int64)
    return chosen.with_columns(
        key=pl.Series(keys),
        service_day=pl.col("service_day") - pl.col("back") - pl.Series(more),
        paid_on=pl.col("paid_on") - pl.col("back") - pl.Series(more),
        kind=pl.lit(MistakeKind.RECEIPT_TOO_LATE.value),
        note=pl.lit("申請期限を過ぎた領収書"),
    ).drop("back", "begun")
