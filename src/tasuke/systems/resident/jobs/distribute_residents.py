"""distribute-residents {"path"}: 住民情報 (full, differential) into the distribution, and from there to whoever may."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tasuke.core.problems import Severity, in_file, is_fatal
from tasuke.formats import resident_feed
from tasuke.formats.other_kind import name_other_kind
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.platform.exchange.services.refuse_planned import refuse_planned
from tasuke.systems.resident.services.receive_states import receive_states

KIND = "distribute-residents"
_ROWS = 20_000


def _plan(context: RunContext) -> Plan:
    path = Path(str(context.parameters["path"]))
    data = path.read_bytes()
    digest = sha256_of(data)
    if InboundFile.objects.using(context.using).filter(kind=KIND, sha256=digest, run_id__isnull=False).exists():
        return Plan(counts={"already_imported": 1}, chunks=0, work=None)
    frame, found = resident_feed.parse(data)
    problems = name_other_kind(found, data, kind="residents")
    # the order of the file counts: a person's later row is the later state
    frame = frame.sort("seq", maintain_order=True)
    rejected = len({p.line for p in problems if p.severity is Severity.ERROR and p.line is not None})
    counts = {"rows": frame.height + rejected, "accepted": frame.height, "rejected": rejected}
    return Plan(
        counts={**counts, "fatal": int(is_fatal(problems))},
        chunks=-(-frame.height // _ROWS),
        work=(path.name, data, frame),
        problems=in_file(problems, path.name),
    )


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    name, data, frame = plan.work
    file, _ = receive_file(using=context.using, kind=KIND, name=name, data=data, by=context.by, now=context.now)
    rows: pl.DataFrame = frame.slice(number * _ROWS, _ROWS)
    counts = receive_states(using=context.using, rows=rows, at=context.now, file_id=file.pk, tell_gateway=True)
    return ChunkResult(counts=counts)


def _finish(context: RunContext, plan: Plan) -> Mapping[str, int]:
    if plan.work is None or is_fatal(plan.problems):
        return {}
    name, data, frame = plan.work
    file, _ = receive_file(using=context.using, kind=KIND, name=name, data=data, by=context.by, now=context.now)
    if file.run_id is None:
        file.rows, file.accepted, file.rejected = plan.counts["rows"], frame.height, plan.counts["rejected"]
        file.run_id = context.run_id
        file.save(using=context.using, update_fields=["rows", "accepted", "rejected", "run_id"])
    return {}


JOB = register(
    Job(
        name=KIND,
        title="住民情報の配信",
        plan=_plan,
        apply_chunk=_apply,
        finish=_finish,
        refused=refuse_planned(KIND),
    )
)
