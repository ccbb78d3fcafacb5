"""Word lists of the synthetic city (data/*.csv, data/*.toml), read once."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl


@cache
def words(name: str) -> pl.DataFrame:
    """A word list as text columns; `weight`, where there is one, is Float64."""
    data = files("tasuke.city").joinpath("data").joinpath(f"{name}.csv").read_bytes()
    frame = pl.read_csv(data, infer_schema=False).with_columns(pl.all().fill_null(""))
    return frame.with_columns(pl.col("weight").cast(pl.Float64)) if "weight" in frame.columns else frame


@cache
def rates() -> dict[str, Any]:
    """The distributions of the city (data/rates.toml)."""
    data = files("tasuke.city").joinpath("data").joinpath("rates.toml").read_text(encoding="utf-8")
    return tomllib.loads(data)
