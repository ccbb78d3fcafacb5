"""What newer data say of the banks, against what the city has: opened, closed, renamed. Pure."""

from dataclasses import dataclass

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats.bank_master import BankMaster
from tasuke.systems.subsidy.payments.bank_table import COLUMNS, KEY, NAMES

# In one month a few hundred of 29,000 branches close. A tenth at once is a broken download, or years between two.
_MOST_CLOSED = 10  # percent
_WHOLE_FIELD = {"bank_code": r"^\d{4}$", "branch_code": r"^\d{3}$"}


@dataclass(frozen=True, slots=True)
class BankChanges:
    """opened: rows to add, the new names of renamed branches among them; ended: KEY of the rows to close."""

    opened: pl.DataFrame
    ended: pl.DataFrame
    new: int
    vanished: int
    renamed: int


def compare_banks(known: BankMaster, data: BankMaster) -> BankChanges:
    """known: the rows without an end; data: the whole of the newer master."""
    new = data.join(known, on=KEY, how="anti")
    vanished = known.join(data, on=KEY, how="anti")
    pairs = data.join(known.select(*KEY, pl.col(NAMES).name.suffix("_known")), on=KEY)
    renamed = pairs.filter(pl.any_horizontal(pl.col(n) != pl.col(f"{n}_known") for n in NAMES)).select(COLUMNS)
    return BankChanges(
        opened=pl.concat([new.select(COLUMNS), renamed]).sort(KEY),
        ended=pl.concat([vanished.select(KEY), renamed.select(KEY)]).sort(KEY),
        new=new.height,
        vanished=vanished.height,
        renamed=renamed.height,
    )


def data_problems(known: BankMaster, data: BankMaster, changes: BankChanges) -> list[Problem]:
    """Why data cannot be the whole of Japan's banks: each fault condemns them."""
    found = []
    if data.is_empty():
        found.append(("bank.empty", "銀行と店舗が1件もありません。フォルダーを確かめてください", ""))
    if changes.vanished * 100 > known.height * _MOST_CLOSED:
        words = f"今ある{known.height:,}店舗のうち{changes.vanished:,}店舗がありません。欠けていないか確かめてください"
        found.append(("bank.too_few", words, f"{data.height}"))
    for column, pattern in _WHOLE_FIELD.items():
        wrong = data.filter(~pl.col(column).str.contains(pattern))[column]
        found += [("bank.code", "銀行は4桁、店舗は3桁の数字です", code) for code in wrong.unique().sort().head(5)]
    twice = data.filter(pl.struct(KEY).is_duplicated()).select(KEY).unique(maintain_order=True).head(5)
    found += [("bank.twice", "同じ店舗が2回あります", f"{bank}-{branch}") for bank, branch in twice.iter_rows()]
    return [Problem(code, words, field="店舗", value=value, severity=Severity.FATAL) for code, words, value in found]
