"""import-banks {"path"?, "on"?}: the bank master of a day into the table, as history.

path: folder of a download (banks.json, branches/), by default the data of the installed package; on: the day of the
data, by default that of the package's version. Branches that are new open on that day, those that vanished end on it,
another name ends the old row and opens a new one. All of it is one chunk: half a bank master serves nobody.
"""

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections

from tasuke.core.calendar import to_wareki
from tasuke.core.problems import Severity
from tasuke.formats import bank_master
from tasuke.formats.bank_master import BankMaster
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext, register
from tasuke.platform.bulk import copy_in, copy_out, staging
from tasuke.systems.subsidy.payments.bank_changes import BankChanges, compare_banks, data_problems
from tasuke.systems.subsidy.payments.bank_table import COLUMNS, NAMES
from tasuke.systems.subsidy.payments.models import BankBranch, BankData

NAME = "import-banks"
_KEY_TYPES = {"bank_code": "varchar(4)", "branch_code": "varchar(3)"}


class BankDataRefused(ValueError):
    """The data cannot follow what is there: no day, an older day than the newest, other data of the same day."""


@dataclass(frozen=True, slots=True)
class _Source:
    data: BankMaster
    on: date
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Work:
    source: _Source
    changes: BankChanges
    first: bool


def _plan(context: RunContext) -> Plan:
    source = _read(context.parameters)
    newest = BankData.objects.using(context.using).order_by("-data_on").first()
    if newest is not None and newest.data_on == source.on and newest.sha256 == source.sha256:
        return Plan(counts={"取込済み": 1}, chunks=0, work=None)
    if newest is not None and source.on <= newest.data_on:
        raise BankDataRefused(
            f"{to_wareki(source.on)}のデータは取り込めません。{to_wareki(newest.data_on)}のデータが取込済みです"
        )
    known = _known(context.using)
    changes = compare_banks(known, source.data)
    problems = data_problems(known, source.data, changes)
    fatal = any(p.severity is Severity.FATAL for p in problems)
    return Plan(
        counts={} if fatal else _counts(changes),
        chunks=0 if fatal else 1,
        work=_Work(source, changes, first=newest is None),
        comparisons=[Comparison("店舗(前回)", source.data.height, newest.branches if newest else None)],
        problems=problems,
    )


def _read(parameters: Mapping[str, Any]) -> _Source:
    path = parameters.get("path")
    data = bank_master.read_folder(Path(str(path))) if path else bank_master.load()
    data = data.with_columns(pl.col(NAMES).fill_null("")).select(COLUMNS)
    told = parameters.get("on")
    on = date.fromisoformat(str(told)) if told else None if path else bank_master.data_date()
    if on is None:
        raise BankDataRefused("データの日(on)を指定してください")
    name = Path(str(path)).name if path else f"zengin-code {importlib.metadata.version('zengin-code')}"
    return _Source(data, on, name, hashlib.sha256(data.write_csv().encode()).hexdigest())


def _known(using: str) -> BankMaster:
    return copy_out(
        connections[using],
        """SELECT bank_code, bank_name, bank_kana, branch_code, branch_name, branch_kana FROM subsidy_bank_branch
           WHERE upper_inf(valid) ORDER BY bank_code, branch_code""",
        schema=dict.fromkeys(COLUMNS, pl.String()),
    ).with_columns(pl.col(NAMES).fill_null(""))


def _counts(changes: BankChanges) -> dict[str, int]:
    return {"新しい店舗": changes.new, "なくなった店舗": changes.vanished, "名前の変わった店舗": changes.renamed}


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    source, connection = work.source, connections[context.using]
    data = BankData.objects.using(context.using).create(
        data_on=source.on,
        source=source.name,
        sha256=source.sha256,
        branches=source.data.height,
        run_id=context.applied_run,
    )
    with staging(connection, work.changes.ended, _KEY_TYPES) as ended, connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE subsidy_bank_branch b SET valid = daterange(lower(b.valid), %s) FROM {ended} e
                WHERE upper_inf(b.valid) AND b.bank_code = e.bank_code AND b.branch_code = e.branch_code""",  # noqa: S608
            [source.on],
        )
    # what the first data hold was there before; since when, nobody says
    since = "" if work.first else f"{source.on}"
    rows = work.changes.opened.with_columns(valid=pl.lit(f"[{since},)"), data_id=pl.lit(data.pk))
    copy_in(connection, BankBranch._meta.db_table, rows)
    return ChunkResult(counts=_counts(work.changes))


JOB = register(Job(name=NAME, title="銀行一覧の取込", plan=_plan, apply_chunk=_apply, units="店舗"))
