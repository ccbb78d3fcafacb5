"""import-claims {"path", "form": "uke" | "claims_csv", "mapping": path, "oldest_service_month"?, "chunk_size"?}.

One file in one run: read, match, compute, decide on columns, then COPY in chunks that commit one by one. The plan holds
all decided rows; since it leaves out the file itself, a killed run that is planned again comes to the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections, transaction

from tasuke.core.problems import Problem, Severity, in_file, is_fatal
from tasuke.formats import claims_csv, uke
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.schemes.confirmation import require_confirmed
from tasuke.systems.subsidy.claims.copayment import DailyCosts
from tasuke.systems.subsidy.claims.decision import Decided, decide
from tasuke.systems.subsidy.claims.frames import CLAIM_SCHEMA, KOHI_SCHEMA, empty
from tasuke.systems.subsidy.claims.loading import PriorLoader, load_register, load_schemes
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE
from tasuke.systems.subsidy.claims.storing import store_decided
from tasuke.systems.subsidy.profile import active_profile

KIND = "claims"
NAME = "import-claims"
CHUNK = 20_000
_LOCK = 7_106  # transaction lock: one claims chunk at a time, so that two files cannot miss each other's duplicates


class UnfinishedImport(Exception):
    """Another claims file was begun and not finished: its rows must be there before this one is held against them."""


class ClaimsArrivedMeanwhile(Exception):
    """Another claims file was imported after this run had been planned."""


class FileChanged(Exception):
    """The file is not the one that was planned."""


@dataclass(frozen=True, slots=True)
class _Read:
    claims: pl.DataFrame
    kohi: pl.DataFrame
    problems: list[Problem]
    daily: DailyCosts | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    decided: Decided | None
    path: Path
    sha256: str
    others: frozenset[int]
    size: int
    rejected: int


def _plan(context: RunContext) -> Plan:
    path = Path(context.parameters["path"])
    data = path.read_bytes()
    digest = sha256_of(data)
    size = int(context.parameters.get("chunk_size", CHUNK))
    known = InboundFile.objects.using(context.using).filter(kind=KIND, sha256=digest).first()
    if known is not None and known.run_id is not None and known.run_id != context.run_id:
        return Plan(counts={"already_imported": 1}, chunks=0, work=_Work(None, path, digest, frozenset(), size, 0))
    others = _other_runs(context.using, f"{KIND}:{digest}")
    read = _read(data, context.parameters)
    del data
    decided = _decide(context, read, known.pk if known else None)
    problems = [p if p.file else replace(p, file=path.name) for p in read.problems]
    rejected = sum(p.severity is not Severity.WARNING for p in problems)
    work = _Work(decided, path, digest, others, size, rejected)
    chunks = -(-decided.claims.height // size)
    return Plan(counts=_counts(decided.claims), chunks=chunks, work=work, problems=problems)


def _decide(context: RunContext, read: _Read, file_id: int | None) -> Decided:
    profile = active_profile()
    schemes = load_schemes(profile)
    for name, scheme in schemes.items():
        require_confirmed(scheme, profile.confirmed_keys(name))
    oldest = context.parameters.get("oldest_service_month")
    with transaction.atomic(using=context.using):  # one view of the books
        books = load_register(
            using=context.using,
            profile=profile,
            schemes=schemes,
            claims=read.claims,
            kohi=read.kohi,
            file_id=file_id,
            oldest_service_month=date.fromisoformat(oldest) if oldest else None,
        )
        return decide(
            read.claims,
            read.kohi,
            books,
            schemes,
            confirmed={name: profile.confirmed_keys(name) for name in schemes},
            daily=read.daily,
            prior=PriorLoader(using=context.using, file_id=file_id),
        )


def _read(data: bytes, parameters: Any) -> _Read:
    if parameters.get("form", "uke") == "claims_csv":
        return _read_csv(data, Path(parameters["mapping"]))
    file, problems = uke.parse(data)
    if file.returned is not None:
        message = "返戻・再審査のファイルです。請求としては取り込めません。届いた過誤・再審査の処理で使ってください。"
        problems = [*problems, Problem("RETURNED_FILE", message, severity=Severity.FATAL)]
    if is_fatal(problems):
        return _Read(file.claims.clear(), file.kohi.clear(), problems)
    claims = file.claims
    if file.kind is uke.UkeKind.PHARMACY:
        extras = file.extras().select("line", "prescriber")
        claims = claims.join(extras, on="line", how="left", maintain_order="left")
    return _Read(
        claims, file.kohi, problems, lambda lines: file.daily_cost().filter(pl.col("line").is_in(lines.implode()))
    )


def _read_csv(data: bytes, mapping_file: Path) -> _Read:
    mapping, problems = claims_csv.load_mapping(mapping_file)
    if mapping is None:
        return _Read(empty(CLAIM_SCHEMA), empty(KOHI_SCHEMA), in_file(problems, mapping_file.name))
    claims, kohi, found = claims_csv.parse(data, mapping)
    return _Read(claims, kohi, [*problems, *found])


def _other_runs(using: str, target: str) -> frozenset[int]:
    """Runs of other claims files that have written rows. Raises UnfinishedImport when one of them is not done."""
    runs = Run.objects.using(using).of_job(NAME).filter(chunks_done__gt=0).exclude(target=target)
    unfinished = runs.exclude(state=RunState.DONE).first()
    if unfinished is not None:
        raise UnfinishedImport(f"別のレセプトファイルの取込が途中です(処理番号{unfinished.pk})。先に再開してください")
    return frozenset(runs.values_list("pk", flat=True))


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    assert work.decided is not None
    with connections[context.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if _other_runs(context.using, f"{KIND}:{work.sha256}") != work.others:
        raise ClaimsArrivedMeanwhile("計画の後に別のレセプトファイルが取り込まれました。もう一度実行してください")
    file = _file(context, work)
    chunk = work.decided.claims.slice(number * work.size, work.size)
    store_decided(connections[context.using], file.pk, chunk, work.decided.kohi, work.decided.findings)
    return ChunkResult(counts=_counts(chunk))


def _file(context: RunContext, work: _Work) -> InboundFile:
    file = InboundFile.objects.using(context.using).filter(kind=KIND, sha256=work.sha256).first()
    if file is not None:
        return file
    data = work.path.read_bytes()
    if sha256_of(data) != work.sha256:
        raise FileChanged(f"{work.path.name}: 計画の後にファイルの内容が変わりました")
    return receive_file(using=context.using, kind=KIND, name=work.path.name, data=data, by=context.by, now=context.now)[
        0
    ]


def _counts(claims: pl.DataFrame) -> dict[str, int]:
    states = dict(claims.group_by("state").len().iter_rows())
    counts = {"claims": claims.height, **{s: int(states.get(s, 0)) for s in ("accepted", "query", "return")}}
    return counts | {c: int(claims.get_column(c).sum()) for c in ("cost", "subsidy", "meals_subsidy")}


def _finish(context: RunContext, plan: Plan) -> dict[str, int]:
    work: _Work = plan.work
    if work.decided is None:
        return {"already_imported": 1}
    file = _file(context, work)
    with connections[context.using].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(cost), 0), coalesce(sum(subsidy), 0),"
            " count(*) FILTER (WHERE state = 'accepted'),"
            " count(*) FILTER (WHERE state = 'query'), count(*) FILTER (WHERE state = 'return')"
            " FROM subsidy_claim WHERE id >= %s AND id < %s",
            [file.pk * LINES_PER_FILE, (file.pk + 1) * LINES_PER_FILE],
        )
        rows, *sums = cursor.fetchone()
    names: Sequence[str] = ("cost", "subsidy", "accepted", "query", "return")
    file.rows, file.accepted, file.rejected = rows + work.rejected, rows, work.rejected
    file.totals = {name: int(value) for name, value in zip(names, sums, strict=True)}
    file.run_id = context.run_id
    file.save(using=context.using)
    return {"rejected": work.rejected}


JOB = register(Job(name=NAME, title="レセプトの取込と突合", plan=_plan, apply_chunk=_apply, finish=_finish, units="件"))
