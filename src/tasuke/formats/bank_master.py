"""Banks and branches of Japan, as columns. Source: the package zengin-code (MIT), refreshed monthly.

Only its JSON is read: importing the package itself would build some 30,000 objects. The data says which banks and
branches exist today; it is no authority of 全銀協, and merged branches vanish from it. A municipality that keeps its
own history may add the columns valid_from and valid_to (pl.Date, end-exclusive); `at` honours them.
"""

import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import polars as pl

from tasuke.core.text import bank_kana_series

_PACKAGE = "zengin-code"
BankMaster: TypeAlias = pl.DataFrame
"""Columns bank_code (4 digits), bank_name, bank_kana, branch_code (3 digits), branch_name, branch_kana: String.

The kana is half-width bank kana of at most 15 bytes, as the fields of the transfer file want it.
"""


@lru_cache(maxsize=1)
def load() -> BankMaster:
    """Every branch of every bank, ordered by codes. Raises ModuleNotFoundError without the package."""
    spec = importlib.util.find_spec("zengin_code")  # finds it without importing it, importlib.resources would
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("zengin-code is not installed", name="zengin_code")
    return read_folder(Path(spec.origin).parent / "source-data" / "data")


def read_folder(folder: Path) -> BankMaster:
    """The master from a folder with banks.json and branches/CODE.json, for a newer download than the package's."""
    rows: list[tuple[str, str, str, str, str, str]] = []
    for bank_code, bank in _objects(folder / "banks.json"):
        branches = folder / "branches" / f"{bank_code}.json"
        if not branches.exists():
            continue
        for branch_code, branch in _objects(branches):
            rows.append((bank_code, bank["name"], bank["kana"], branch_code, branch["name"], branch["kana"]))
    names = ["bank_code", "bank_name", "bank_kana", "branch_code", "branch_name", "branch_kana"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(
        bank_kana_series(frame["bank_kana"])[0].alias("bank_kana"),
        bank_kana_series(frame["branch_kana"])[0].alias("branch_kana"),
    ).sort("bank_code", "branch_code")


def data_date() -> date | None:
    """The day of the data, from the version 1.1.0.YYYYMMDD; None when the version has no date."""
    last = importlib.metadata.version(_PACKAGE).rpartition(".")[2]
    return datetime.strptime(last, "%Y%m%d").date() if len(last) == 8 and last.isdigit() else None  # noqa: DTZ007


def at(master: BankMaster, on: date) -> BankMaster:
    """The branches that exist on a day, when the master carries valid_from / valid_to; else all of it."""
    frame = master
    if "valid_from" in master.columns:
        frame = frame.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") <= on))
    if "valid_to" in master.columns:
        frame = frame.filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > on))
    return frame


def _objects(path: Path) -> list[tuple[str, Mapping[str, str]]]:
    return list(json.loads(path.read_text(encoding="utf-8")).items())
