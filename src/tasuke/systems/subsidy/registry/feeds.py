"""What every import of a feed shares: read and check the file, cut it into chunks by person, keep the file's row.

Parameters of such a job: {"path": "...", "name": "..."?}. The run's target is `feed_target(kind, data)`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from tasuke.core.problems import Problem, Severity, in_file, is_fatal
from tasuke.formats.other_kind import name_other_kind
from tasuke.platform.batch.job import ChunkResult, Comparison, Job, Plan, RunContext
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile, InboundState
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.platform.exchange.services.refuse_planned import refuse_planned
from tasuke.systems.subsidy.registry.first_load import built_at_the_end, can_load_at_once
from tasuke.systems.subsidy.registry.sequence import refused_numbers, sequence_gaps
from tasuke.systems.subsidy.registry.tables import HistoryTable
from tasuke.systems.subsidy.registry.texts import in_nfc, unprintable

ROWS_PER_CHUNK = 20_000

Parse = Callable[[bytes], tuple[pl.DataFrame, list[Problem]]]
Apply = Callable[[RunContext, pl.DataFrame, int], ChunkResult]
Check = Callable[[RunContext, pl.DataFrame], Sequence[Problem]]
Compare = Callable[[RunContext, pl.DataFrame], Sequence[Comparison]]


@dataclass
class FeedWork:
    """A parsed file between plan and apply. data is let go as soon as the file is archived."""

    kind: str
    name: str
    sha256: str
    rows: int
    rejected: int
    frame: pl.DataFrame
    slices: list[tuple[int, int]]
    at_once: bool = False  # all slices in one chunk: a first load
    data: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """How a feed fills its empty table: all in one chunk, constraints and indexes built at the end (first_load.py)."""

    table: HistoryTable
    apply: Apply


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of import.

    person: column by which chunks are cut, so that no person is in two of them; prepare: columns made once for the
    whole file; check: more problems, rows with an error are not taken; compare: counts for the plan; apply: writes some
    rows of the frame for the file with this id, and counts.
    """

    kind: str
    title: str
    parse: Parse
    apply: Apply
    prepare: Callable[[pl.DataFrame], pl.DataFrame]
    person: str = "atena_no"
    check: Check | None = None
    compare: Compare | None = None
    rows_per_chunk: int = ROWS_PER_CHUNK
    needs_approval: bool = False
    first_load: FirstLoad | None = None


def feed_target(kind: str, data: bytes) -> str:
    """The run's target of a file: its kind and content."""
    return f"{kind}:{sha256_of(data)}"


def feed_job(name: str, feed: Feed) -> Job:
    """The batch job that imports a feed."""

    def plan(context: RunContext) -> Plan:
        return _plan(context, feed)

    def apply_chunk(context: RunContext, plan: Plan, number: int) -> ChunkResult:
        work: FeedWork = plan.work
        file = _file_row(context, work)
        if work.at_once and feed.first_load is not None:
            with built_at_the_end(using=context.using, model=feed.first_load.table.model):
                result = _add_up(feed.first_load.apply(context, work.frame.slice(*s), file.pk) for s in work.slices)
        else:
            result = feed.apply(context, work.frame.slice(*work.slices[number]), file.pk)
        return replace(result, problems=in_file(result.problems, work.name))

    def finish(context: RunContext, plan: Plan) -> Mapping[str, int]:
        if not is_fatal(plan.problems):
            _accept(context, plan.work)
        return {}

    refused = refuse_planned(feed.kind)
    return Job(
        name=name,
        title=feed.title,
        plan=plan,
        apply_chunk=apply_chunk,
        finish=finish,
        refused=refused,
        needs_approval=feed.needs_approval,
    )


def _plan(context: RunContext, feed: Feed) -> Plan:
    path = Path(str(context.parameters["path"]))
    data = path.read_bytes()
    name = str(context.parameters.get("name", path.name))
    digest = sha256_of(data)
    empty = pl.DataFrame(schema={feed.person: pl.String})
    work = FeedWork(kind=feed.kind, name=name, sha256=digest, rows=0, rejected=0, frame=empty, slices=[], data=data)
    if InboundFile.objects.using(context.using).filter(kind=feed.kind, sha256=digest, run_id__isnull=False).exists():
        return Plan(counts={"already_imported": 1}, chunks=0, work=work)
    frame, problems = feed.parse(data)
    frame = in_nfc(frame)
    problems = name_other_kind(problems, data, kind=feed.kind)
    fatal = is_fatal(problems)
    if not fatal:
        gaps = sequence_gaps(frame, refused=refused_numbers(data, _refused_lines(problems)))
        if "atena_no" in frame.columns:
            problems = [*problems, *unprintable(frame, person="atena_no")]
        found = list(feed.check(context, frame)) if feed.check else []
        wrong = _refused_lines(found)
        problems = [*problems, *gaps, *found]
        frame = frame.filter(~pl.col("line").is_in(list(wrong))) if wrong else frame
    comparisons = feed.compare(context, frame) if feed.compare and not fatal else ()
    work.rejected = len(_refused_lines(problems))
    work.rows = frame.height + work.rejected
    work.frame = feed.prepare(frame).sort(feed.person, "order", maintain_order=True)
    work.slices = person_slices(work.frame[feed.person], feed.rows_per_chunk)
    first = feed.first_load
    work.at_once = first is not None and can_load_at_once(using=context.using, model=first.table.model)
    counts = {
        "ファイルの行": work.rows,
        "取り込む行": work.frame.height,
        "取り込めない行": work.rejected,
        "対象者": work.frame[feed.person].n_unique(),
    }
    return Plan(
        counts=counts,
        chunks=min(len(work.slices), 1) if work.at_once else len(work.slices),
        work=work,
        comparisons=comparisons,
        problems=in_file(problems, name),
    )


def _refused_lines(problems: Iterable[Problem]) -> set[int]:
    return {p.line for p in problems if p.severity is Severity.ERROR and p.line is not None}


def _add_up(results: Iterable[ChunkResult]) -> ChunkResult:
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    for result in results:
        counts.update(result.counts)
        problems.extend(result.problems)
    return ChunkResult(counts=dict(counts), problems=problems)


def person_slices(persons: pl.Series, size: int) -> list[tuple[int, int]]:
    """(offset, length) of chunks of about `size` rows of a sorted column; no person is in two chunks."""
    if persons.is_empty():
        return []
    rows = persons.rename("person").to_frame().with_row_index("row")
    first_of_person = pl.when(pl.col("person") != pl.col("person").shift(1)).then("row").forward_fill().fill_null(0)
    chunks = rows.select((first_of_person // size).alias("chunk"))
    lengths = chunks.group_by("chunk", maintain_order=True).len()["len"].to_list()
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    return list(zip(offsets, lengths, strict=False))


def _file_row(context: RunContext, work: FeedWork) -> InboundFile:
    row = InboundFile.objects.using(context.using).filter(kind=work.kind, sha256=work.sha256).first()
    if row is None or row.state == InboundState.REFUSED:
        row, _ = receive_file(
            using=context.using,
            kind=work.kind,
            name=work.name,
            data=work.data or b"",
            by=context.by,
            now=context.now,
        )
    work.data = None
    return row


def _accept(context: RunContext, work: FeedWork) -> None:
    row = _file_row(context, work)
    if row.run_id is None:
        row.rows, row.accepted, row.rejected = work.rows, work.rows - work.rejected, work.rejected
        row.run_id = context.run_id
        row.save(using=context.using, update_fields=["rows", "accepted", "rejected", "run_id"])
