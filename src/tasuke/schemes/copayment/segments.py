"""Running sums within groups on a frame that is sorted by group: arithmetic on whole columns."""

import polars as pl
from polars import selectors


def numbered(frame: pl.DataFrame, *, but: tuple[str, ...] = ("id",)) -> pl.DataFrame:
    """The frame with numbers in place of texts: equal texts, equal numbers, so that sorting into groups is quick."""
    return frame.with_columns(selectors.string().exclude(but).cast(pl.Categorical).to_physical())


def starts(keys: list[str]) -> pl.Expr:
    """True on the first row of each run of equal keys (nulls are equal to each other)."""
    changed = [pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys]
    return pl.any_horizontal(*changed, pl.int_range(pl.len()) == 0)


def sum_before(value: str, start: str) -> pl.Expr:
    """The sum of the column over the earlier rows of the same run (Int64); `start` is the column that `starts` made."""
    earlier = pl.col(value).cum_sum() - pl.col(value)
    return earlier - pl.when(pl.col(start)).then(earlier).forward_fill()


def share_of_limit(limit: pl.Expr, before: pl.Expr, value: pl.Expr) -> pl.Expr:
    """What still fits of `value` under `limit` when `before` was there already; never negative for value >= 0."""
    return pl.min_horizontal(limit, before + value) - pl.min_horizontal(limit, before)
