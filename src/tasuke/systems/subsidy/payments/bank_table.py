"""The bank master as the city keeps it: which branches there were on a day, and on which day a branch vanished."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import polars as pl
from django.db import connections

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Problem, Severity
from tasuke.formats import bank_master
from tasuke.formats.bank_master import BankMaster
from tasuke.platform.bulk import copy_out

KEY = ("bank_code", "branch_code")
NAMES = ("bank_name", "bank_kana", "branch_name", "branch_kana")
COLUMNS = ("bank_code", "bank_name", "bank_kana", "branch_code", "branch_name", "branch_kana")
CLOSED_SCHEMA = {"bank_code": pl.String(), "branch_code": pl.String(), "closed_on": pl.Date()}
_NO_TABLE = Problem(
    "bank.no_table",
    "銀行一覧がまだ取り込まれていないため、プログラムに付属の一覧で調べました。import-banks を実行してください",
    field="金融機関",
    severity=Severity.WARNING,
)
_NAMES = """
SELECT DISTINCT ON (b.bank_code, b.branch_code) b.bank_code, b.branch_code, b.bank_name, b.branch_name
FROM subsidy_bank_branch b
JOIN unnest(%(banks)s::text[], %(branches)s::text[]) AS w (bank, branch)
  ON w.bank = b.bank_code AND w.branch = b.branch_code
ORDER BY b.bank_code, b.branch_code, (b.valid @> %(on)s::date) DESC, lower(b.valid) DESC
"""
_OPEN = """
SELECT (SELECT bank_name || ' ' || branch_name FROM subsidy_bank_branch
        WHERE bank_code = %(bank)s AND branch_code = %(branch)s AND valid @> %(on)s::date),
       EXISTS (SELECT 1 FROM subsidy_bank_branch)
"""


@dataclass(frozen=True, slots=True)
class Banks:
    """master: the branches of a day; closed: those that had vanished by then (CLOSED_SCHEMA); problems: what to know
    of the two."""

    master: BankMaster
    closed: pl.DataFrame
    problems: list[Problem]


def bank_master_on(using: str, on: date) -> BankMaster:
    """The branches in force on a day, ordered by codes. Empty while no data have been imported."""
    return copy_out(
        connections[using],
        """SELECT bank_code, bank_name, bank_kana, branch_code, branch_name, branch_kana FROM subsidy_bank_branch
           WHERE valid @> %s::date ORDER BY bank_code, branch_code""",
        [on],
        schema=dict.fromkeys(COLUMNS, pl.String()),
    ).with_columns(pl.col(NAMES).fill_null(""))


def branch_names(using: str, codes: Iterable[tuple[str, str]], on: date) -> dict[tuple[str, str], str]:
    """Bank and branch in words by (bank_code, branch_code): as they are called on a day, or were called last.

    Of the installed data while none have been imported. Codes that nobody knows are left out.
    """
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    banks, branches = [bank for bank, _ in wanted], [branch for _, branch in wanted]
    with connections[using].cursor() as cursor:
        cursor.execute(_NAMES, {"banks": banks, "branches": branches, "on": on})
        found = {(bank, branch): f"{name} {office}" for bank, branch, name, office in cursor.fetchall()}
        if len(found) == len(wanted):
            return found
        cursor.execute("SELECT EXISTS (SELECT 1 FROM subsidy_bank_branch)")
        imported = bool(cursor.fetchone()[0])
    return found if imported else {code: _installed()[code] for code in wanted if code in _installed()}


def branch_name(using: str, on: date, bank_code: str, branch_code: str) -> str:
    """Bank and branch that are there on a day, in words; "" when there is none: money cannot go there."""
    with connections[using].cursor() as cursor:
        cursor.execute(_OPEN, {"bank": bank_code, "branch": branch_code, "on": on})
        name, imported = cursor.fetchone()
    return (name or "") if imported else _installed().get((bank_code, branch_code), "")


@lru_cache(maxsize=1)
def _installed() -> dict[tuple[str, str], str]:
    frame = bank_master.load().select("bank_code", "branch_code", pl.format("{} {}", "bank_name", "branch_name"))
    return {(bank, branch): name for bank, branch, name in frame.iter_rows()}


def closed_branches(using: str, on: date) -> pl.DataFrame:
    """Branches that were there once and are not on a day, with the first day without them (CLOSED_SCHEMA)."""
    return copy_out(
        connections[using],
        """SELECT bank_code, branch_code, max(upper(valid)) FROM subsidy_bank_branch
           WHERE upper(valid) <= %(on)s
               AND NOT EXISTS (SELECT 1 FROM subsidy_bank_branch now WHERE now.valid @> %(on)s::date
                               AND now.bank_code = subsidy_bank_branch.bank_code
                               AND now.branch_code = subsidy_bank_branch.branch_code)
           GROUP BY bank_code, branch_code ORDER BY bank_code, branch_code""",
        {"on": on},
        schema=CLOSED_SCHEMA,
    )


def banks_on(using: str, on: date) -> Banks:
    """What payments of a day are held against. Without a table the installed data, with a warning that says so."""
    master = bank_master_on(using, on)
    if master.is_empty():
        return Banks(bank_master.load(), pl.DataFrame(schema=CLOSED_SCHEMA), [_NO_TABLE])
    return Banks(master, closed_branches(using, on), [])


def closed_banks(closed: pl.DataFrame) -> pl.DataFrame:
    """(bank_code, bank_closed_on): the day on which the last known branch of a bank went."""
    return closed.group_by("bank_code").agg(bank_closed_on=pl.col("closed_on").max())


def with_closing_days(problems: list[Problem], closed: pl.DataFrame) -> list[Problem]:
    """Problems of a transfer file; one about a bank or branch that vanished also tells the day."""
    branches = {f"{bank}-{branch}": day for bank, branch, day in closed.iter_rows()}
    banks = dict(closed_banks(closed).iter_rows())
    told = []
    for problem in problems:
        code = problem.value or ""
        day = {"zengin.bank": banks.get(code[:4]), "zengin.branch": branches.get(code)}.get(problem.code)
        words = f"{problem.message}({to_wareki(day)}になくなりました)" if day else problem.message
        told.append(replace(problem, message=words))
    return told
