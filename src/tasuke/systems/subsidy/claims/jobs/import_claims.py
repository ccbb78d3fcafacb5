"""import-claims {"path", "form": "uke" | "claims_csv", "mapping": path, "oldest_service_month"?, "chunk_size"?}.

One file in one run: read, match, compute, decide on columns, then COPY in chunks that commit one by one. The plan holds
all decided rows; since it leaves out the file itself, a killed run that is planned again comes to the same rows.

A file whose own totals are wrong is taken, but nothing of it is paid: all its claims wait as queries, and the file is
held until a person accepts or rejects it (services.decide_file). It is not refused as a whole, since mostly a total is
wrong and not the receipts: the institutions would wait a month for their money, and nobody would see which receipts
came. It is not paid at once either, since a missing or added receipt is what a total is there to show.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem, Severity, in_file, is_fatal
from tasuke.formats import claims_csv, uke
from tasuke.formats.uke.totals import UNPROVEN_TOTALS
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.batch.models import Run, RunState
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile, InboundState
from tasuke.platform.exchange.services.record_files import hold_file, receive_file
from tasuke.platform.exchange.services.refuse_planned import refuse_planned
from tasuke.systems.subsidy.claims.copayment import DailyCosts
from tasuke.systems.subsidy.claims.decision import Decided
from tasuke.systems.subsidy.claims.frames import CLAIM_SCHEMA, KOHI_SCHEMA, empty
from tasuke.systems.subsidy.claims.judging import CLAIMS_LOCK, Receipts, judge
from tasuke.systems.subsidy.claims.loading import load_schemes, unsettled_insurers
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE
from tasuke.systems.subsidy.claims.reasons import ClaimReason
from tasuke.systems.subsidy.claims.storing import store_decided
from tasuke.systems.subsidy.profile import active_profile

KIND = "claims"
NAME = "import-claims"
_JOBS = (NAME, "import-returns")  # both change which claims count
CHUNK = 20_000
# errors of a file whose row is taken all the same: as a query, or with the whole file held
_TAKEN = (UNPROVEN_TOTALS - {"TRUNCATED"}) | {"DOUBLED_RECEIPT", "DOUBLED_ROW", "FILE_SEEN_BEFORE"}
_SEEN = (ClaimReason.SAME_RECEIPT, ClaimReason.DUPLICATE_EARLIER)
_NAMED = 3  # faults of the totals in the file's row; the run lists them all


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
    held: str = ""  # what is wrong with the totals


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
    held = _totals(read) if read.claims.height else ""
    receipts = Receipts(read.claims, read.kohi, read.daily, totals=(held, "") if held else None)
    decided = judge(context, receipts, known.pk if known else None)
    told = [*read.problems, *_seen_before(decided), *_unconfirmed(decided)]
    problems = [p if p.file else replace(p, file=path.name) for p in told]
    rejected = sum(p.severity is not Severity.WARNING and p.code not in _TAKEN for p in problems)
    work = _Work(decided, path, digest, others, size, rejected, held)
    chunks = -(-decided.claims.height // size)
    counts = _counts(decided.claims) | ({"合計不一致": 1} if held else {})
    return Plan(counts=counts, chunks=chunks, work=work, problems=problems)


def _totals(read: _Read) -> str:
    """What is wrong with the file's own totals, "" when they are right."""
    wrong = [p for p in read.problems if p.code in UNPROVEN_TOTALS and p.severity is Severity.ERROR]
    told = [f"{p.line}行目: {p.message}" if p.line else p.message for p in wrong[:_NAMED]]
    more = [f"ほか{len(wrong) - _NAMED}件"] if len(wrong) > _NAMED else []
    return " ".join(told + more)


def _seen_before(decided: Decided) -> list[Problem]:
    """A file of which most was there before is mostly an old one that was saved anew: another hash, the same bills."""
    claims, reasons = decided.claims, pl.col("reasons").list
    seen = claims.filter(pl.any_horizontal(reasons.contains(pl.lit(r.value)) for r in _SEEN)).height
    if claims.height < 2 or seen * 2 < claims.height:
        return []
    message = (
        f"{claims.height:,}件のうち{seen:,}件が、前に取り込んだファイルのレセプトと同じです。同じファイルを作り直した"
        "ものではないか確かめてください。確かめるまで、過誤として返さないでください。"
    )
    return [Problem("FILE_SEEN_BEFORE", message, severity=Severity.ERROR)]


def _unconfirmed(decided: Decided) -> list[Problem]:
    """Rules that were not applied because nobody has confirmed their values."""
    if decided.claims.is_empty():
        return []
    profile = active_profile()
    problems = []
    if profile.processing.claim_limit is None:
        message = "請求期限(診療から何か月後まで請求できるか)が未確認です。古い請求の点検をしていません。"
        key = "processing.claim_limit"
        problems.append(Problem("CLAIM_LIMIT_UNCONFIRMED", message, field=key, severity=Severity.WARNING))
    schemes = load_schemes(profile)
    for scheme, names in unsettled_insurers(schemes).items():
        message = f"保険者番号が未確認の保険者があります: {'、'.join(names)}。県外の国保組合の請求は疑義とします。"
        name = schemes[scheme].name
        problems.append(Problem("INSURER_UNCONFIRMED", message, field=name, severity=Severity.WARNING))
    return problems


def _read(data: bytes, parameters: Any) -> _Read:
    if parameters.get("form", "uke") == "claims_csv":
        return _read_csv(data, Path(parameters["mapping"]))
    file, problems = uke.parse(data)
    if file.returned is not None:
        message = "返戻・再審査等のファイルです。請求ではなく「返戻・再審査等」(returns)として取り込んでください。"
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
    runs = Run.objects.using(using).live().filter(job__in=_JOBS, chunks_done__gt=0).exclude(target=target)
    unfinished = runs.exclude(state=RunState.DONE).first()
    if unfinished is not None:
        raise UnfinishedImport(f"別のレセプトファイルの取込が途中です(処理番号{unfinished.pk})。先に再開してください")
    return frozenset(runs.values_list("pk", flat=True))


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    work: _Work = plan.work
    assert work.decided is not None
    with connections[context.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMS_LOCK])
    if _other_runs(context.using, f"{KIND}:{work.sha256}") != work.others:
        raise ClaimsArrivedMeanwhile("計画の後に別のレセプトファイルが取り込まれました。もう一度実行してください")
    file = _file(context, work)
    chunk = work.decided.claims.slice(number * work.size, work.size)
    store_decided(connections[context.using], file.pk, chunk, work.decided.kohi, work.decided.findings)
    return ChunkResult(counts=_counts(chunk))


def _file(context: RunContext, work: _Work) -> InboundFile:
    file = InboundFile.objects.using(context.using).filter(kind=KIND, sha256=work.sha256).first()
    if file is not None and file.state != InboundState.REFUSED:
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
    if is_fatal(plan.problems):  # its row says that it was refused
        return {}
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
    if work.held:
        hold_file(using=context.using, file=file, reason=work.held)
    return {"rejected": work.rejected} | ({"合計不一致": 1} if work.held else {})


JOB = register(
    Job(
        name=NAME,
        title="レセプトの取込と突合",
        plan=_plan,
        apply_chunk=_apply,
        finish=_finish,
        refused=refuse_planned(KIND),
    )
)
