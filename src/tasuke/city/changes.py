"""Notices of recipients within the window: a new insurance, a new account, another breadwinner."""

import numpy as np
import polars as pl

from tasuke.city import applications as apps
from tasuke.city.draw import chance, stream
from tasuke.city.family import NOBODY
from tasuke.schemes.definition import Scheme

ACCOUNT_CHANGES_A_YEAR = 0.012
SUPPORTER_CHANGES_A_YEAR = 0.006


def _notice(rows: pl.DataFrame, kind: str, reason: str, tag: str) -> pl.DataFrame:
    return rows.with_columns(
        kind=pl.lit(kind), reason=pl.lit(reason), tag=pl.lit(tag), loss_reason=pl.lit(None, dtype=pl.String)
    ).select(list(apps.SCHEMA))


def insurance_changes(
    facts: apps.Facts, scheme: Scheme, applied: pl.DataFrame, insurance: pl.DataFrame
) -> pl.DataFrame:
    """保険変更: everyone of the scheme whose membership changes in the window, a few days or weeks later."""
    window = facts.register.window
    changed = insurance.filter(pl.col("cause") != "base").select("pid", changed="acquired")
    rows = applied.filter(pl.col("kind") == apps.NEW, pl.col("scheme") == scheme.id).unique(
        "pid", keep="first", maintain_order=True
    )
    rows = rows.join(changed, on="pid", how="inner", maintain_order="left")
    rng = stream(facts.seed, f"insurance.notice.{scheme.id}")
    households = int(facts.register.people["household"].to_numpy().max()) + 1
    # a family hands in one notice for all
    lag = rng.integers(2, 25, households)[facts.families.household[rows["pid"].to_numpy()]]
    rows = rows.with_columns(event=pl.col("changed"), lag=pl.Series(lag))
    rows = rows.filter(pl.col("received") < pl.col("changed")).with_columns(received=pl.col("changed") + pl.col("lag"))
    return _notice(rows.filter(pl.col("received") < window.end), apps.INSURANCE_CHANGE, apps.INSURANCE, "insurance")


def account_changes(facts: apps.Facts, scheme: Scheme, applied: pl.DataFrame) -> pl.DataFrame:
    """口座変更: some applicants name another account."""
    return _some(facts, scheme, applied, ACCOUNT_CHANGES_A_YEAR, apps.ACCOUNT_CHANGE, "account")


def supporter_changes(facts: apps.Facts, scheme: Scheme, applied: pl.DataFrame) -> pl.DataFrame:
    """生計維持者の変更: the other parent becomes the breadwinner (child schemes)."""
    rows = _some(facts, scheme, applied, SUPPORTER_CHANGES_A_YEAR, apps.SUPPORTER_CHANGE, "supporter")
    pids = rows["pid"].to_numpy()
    father, mother = facts.families.of(facts.families.father, pids), facts.families.of(facts.families.mother, pids)
    other = np.where(rows["breadwinner"].to_numpy() == father, mother, father)
    # only where both earn little: the change must not change the decision
    income = facts.income
    small = (
        (other != NOBODY) & (income[np.maximum(father, 0)] < 3_500_000) & (income[np.maximum(mother, 0)] < 3_500_000)
    )
    return rows.with_columns(breadwinner=pl.Series(other)).filter(pl.Series(small))


def _some(facts: apps.Facts, scheme: Scheme, applied: pl.DataFrame, yearly: float, kind: str, tag: str) -> pl.DataFrame:
    """Notices of a random part of the recipients at the start, on random days of the window."""
    window = facts.register.window
    rows = applied.filter(
        pl.col("kind") == apps.NEW, pl.col("scheme") == scheme.id, pl.col("received") < window.start
    ).unique("pid", keep="first", maintain_order=True)
    rng = stream(facts.seed, f"notice.{tag}.{scheme.id}")
    rows = rows.filter(pl.Series(chance(rng, yearly * window.years, rows.height)))
    day = pl.Series(rng.integers(window.start, window.end, rows.height))
    return _notice(rows.with_columns(event=day, received=day), kind, apps.OTHER, tag)
