"""History on columns: what a set of incoming rows changes in the rows that are current. Pure: frames in, frames out.

A history is a chain of steps per key: each row holds from its first day until its own end or the next step, whichever
comes first. Neighbours that say the same are one row. What did not change keeps its row and so its recorded time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Changes:
    """superseded: ids of current rows that no longer hold as they stand; added: rows that take their place or are new
    (the columns of the incoming frame, with `start` and `end`); touched: number of keys with a change."""

    superseded: pl.Series
    added: pl.DataFrame
    touched: int

    @property
    def is_empty(self) -> bool:
        """True when everything was known already."""
        return self.superseded.is_empty() and self.added.is_empty()


def merge_periods(
    *,
    existing: pl.DataFrame,
    incoming: pl.DataFrame,
    key: Sequence[str],
    content: Sequence[str],
    own_ends: bool,
) -> Changes:
    """Lay incoming rows over existing ones.

    existing: id i, *key, start d, end d? (exclusive), *content and any other columns of `incoming`.
    incoming: *key, start d, end d?, *content, order i (the later of two rows for one day counts), optional
    `final_until` d?: the row is the last word on its key up to that day, so existing steps in (start, final_until] go.
    own_ends: False where a state ends only by the next one (住民); True where a row says its own end (保険, 手帳).
    An incoming row that ends before it starts takes the existing row with its start away.
    """
    keys = list(key)
    fresh = incoming.sort("order", maintain_order=True).unique([*keys, "start"], keep="last", maintain_order=True)
    fresh = _keep_identity(existing, fresh, keys, content)
    kept = existing.join(fresh.select(*keys, "start"), on=[*keys, "start"], how="anti")
    if "final_until" in fresh.columns:
        kept = _drop_overruled(kept, fresh, keys)
    carried = [c for c in fresh.columns if c not in ("order", "final_until")]
    shared = [c for c in carried if c in kept.columns]
    steps = pl.concat([kept.select(shared), fresh.select(carried)], how="diagonal_relaxed")
    return _difference(existing, _chain(steps, keys, content, own_ends=own_ends), keys)


def _keep_identity(
    existing: pl.DataFrame, fresh: pl.DataFrame, keys: list[str], content: Sequence[str]
) -> pl.DataFrame:
    """Give an incoming row the id of the existing row of the same first day when both say the same."""
    same = _all([pl.col(c).eq_missing(pl.col(f"{c}_known")) for c in content])
    known = existing.select("id", *keys, "start", *[pl.col(c).alias(f"{c}_known") for c in content])
    return (
        fresh.join(known, on=[*keys, "start"], how="left", maintain_order="left")
        .with_columns(pl.when(same).then("id").alias("id"))
        .drop([f"{c}_known" for c in content])
    )


def _drop_overruled(kept: pl.DataFrame, fresh: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    word = (
        fresh.filter(pl.col("final_until").is_not_null())
        .group_by(keys)
        .agg(pl.col("start").max().alias("said_from"), pl.col("final_until").max().alias("said_until"))
    )
    over = (pl.col("start") > pl.col("said_from")) & (pl.col("start") <= pl.col("said_until"))
    return kept.join(word, on=keys, how="left").filter(~over.fill_null(value=False)).drop("said_from", "said_until")


def _chain(steps: pl.DataFrame, keys: list[str], content: Sequence[str], *, own_ends: bool) -> pl.DataFrame:
    """Cut each step at the next one and join neighbours that say the same.

    The frame is sorted once and neighbours are compared by plain shifts: a window per column over text keys would cost
    twenty times as much.
    """
    ordered = steps.sort([*keys, "start"])
    same_next = _all([pl.col(k) == pl.col(k).shift(-1) for k in keys])
    following = pl.when(same_next).then(pl.col("start").shift(-1))
    end = pl.min_horizontal("end", following) if own_ends else following
    cut = ordered.with_columns(end.alias("end")).filter(pl.col("end").is_null() | (pl.col("end") > pl.col("start")))
    same_key = _all([pl.col(k) == pl.col(k).shift(1) for k in keys])
    same = _all([pl.col(c).eq_missing(pl.col(c).shift(1)) for c in content])
    touches = pl.col("end").shift(1) == pl.col("start")
    goes_on = (same_key & touches & same).fill_null(value=False)
    runs = cut.with_columns(goes_on.alias("_goes_on"))
    if not runs["_goes_on"].any():
        return runs.drop("_goes_on")
    last_end = pl.col("end").last().over("_run")
    numbered = runs.with_columns((~pl.col("_goes_on")).cum_sum().alias("_run")).with_columns(last_end.alias("end"))
    return numbered.filter(~pl.col("_goes_on")).drop("_run", "_goes_on")


def _difference(existing: pl.DataFrame, wanted: pl.DataFrame, keys: list[str]) -> Changes:
    ends = existing.select("id", pl.col("end").alias("_known_end"), pl.lit(value=True).alias("_known"))
    compared = wanted.join(ends, on="id", how="left", maintain_order="left")
    unchanged = pl.col("_known").fill_null(value=False) & pl.col("end").eq_missing(pl.col("_known_end"))
    stays = compared.filter(unchanged)["id"]
    gone = existing.filter(~pl.col("id").is_in(stays.implode()))
    added = compared.filter(~unchanged).drop("id", "_known", "_known_end")
    touched = pl.concat([gone.select(keys), added.select(keys)]).unique().height
    return Changes(superseded=gone["id"], added=added, touched=touched)


def _all(tests: Sequence[pl.Expr]) -> pl.Expr:
    # a relation is all key: nothing else can differ
    return pl.all_horizontal(tests) if tests else pl.lit(value=True)


def merge_values(
    *, existing: pl.DataFrame, incoming: pl.DataFrame, key: Sequence[str], content: Sequence[str]
) -> Changes:
    """The same for a table without periods: one current row per key. The later of two incoming rows counts."""
    keys = list(key)
    fresh = incoming.sort("order", maintain_order=True).unique(keys, keep="last", maintain_order=True).drop("order")
    same = pl.all_horizontal([pl.col(c).eq_missing(pl.col(f"{c}_known")) for c in content])
    known = existing.select("id", *keys, *[pl.col(c).alias(f"{c}_known") for c in content])
    compared = fresh.join(known, on=keys, how="left", maintain_order="left")
    unchanged = pl.col("id").is_not_null() & same
    changed = compared.filter(~unchanged)
    return Changes(
        superseded=changed["id"].drop_nulls(),
        added=changed.drop("id", *[f"{c}_known" for c in content]),
        touched=changed.height,
    )
