"""Persons and incomes for the assess benches: families with children, by a fixed seed, in the engine's columns."""

from datetime import date

import numpy as np
import polars as pl

ON = date(2026, 8, 1)


def persons(n: int) -> pl.DataFrame:
    """n children of 0 to 19 years with their circumstances; a few are excluded, moved, uninsured."""
    rng = np.random.default_rng(20_260_401)
    births = np.datetime64("2007-01-01") + rng.integers(0, 7_150, n).astype("timedelta64[D]")
    since = np.datetime64("2015-01-01") + rng.integers(0, 4_000, n).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "id": np.arange(n).astype(str),
            "birth_date": births,
            "resident_from": np.maximum(since, births),
            "insured_from": np.maximum(since, births),
            "insurance_kind": rng.choice(["1", "3", "4"], n),
            "public_assistance": rng.random(n) < 0.02,
            "judo": rng.random(n) < 0.01,
            "application_date": np.full(n, np.datetime64("2026-07-20")),
        }
    )
    held = pl.when(pl.col("judo")).then(pl.lit(["judo"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
    return frame.with_columns(
        pl.col("birth_date", "resident_from", "insured_from", "application_date").cast(pl.Date),
        held_kinds=held,
        role=pl.lit("child"),
        event=pl.lit("move_in"),
        event_date=pl.col("resident_from").cast(pl.Date),
    ).drop("judo")


def incomes(n: int) -> pl.DataFrame:
    """The breadwinner of each child: income of the year that is asked for, some undeclared, some without a record."""
    rng = np.random.default_rng(20_260_402)
    total = rng.lognormal(15.0, 0.6, n).astype(np.int64)
    return pl.DataFrame(
        {
            "person_id": np.arange(n).astype(str),
            "subject_id": np.arange(n).astype(str),
            "subject": ["breadwinner"] * n,
            "income_year": np.where(rng.random(n) < 0.99, 2025, 2023),
            "status_code": rng.choice(["1", "3", "4"], n, p=[0.1, 0.88, 0.02]),
            "total_income": total,
            "salary_income": total,
            "dependents": rng.integers(0, 5, n),
            "income_levy": (total // 20).astype(np.int64),
        }
    )
