"""import-welfare-tax {"path"}: 税情報 into 社会保障宛名, and from there to the businesses that may have it."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from tasuke.core.problems import Severity, in_file, is_fatal
from tasuke.formats import tax_feed
from tasuke.formats.other_kind import name_other_kind
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.exchange.archive import sha256_of
from tasuke.platform.exchange.models import InboundFile
from tasuke.platform.exchange.services.record_files import receive_file
from tasuke.platform.exchange.services.refuse_planned import refuse_planned
from tasuke.systems.welfare.services.receive_tax import receive_tax

KIND = "import-welfare-tax"
_ROWS = 20_000


def _plan(context: RunContext) -> Plan:
    path = Path(str(context.parameters["path"]))
    data = path.read_bytes()
    digest = sha256_of(data)
    if InboundFile.objects.using(context.using).filter(kind=KIND, sha256=digest, run_id__isnull=False).exists():
        return Plan(counts={"already_imported": 1}, chunks=0, work=None)
    frame, found = tax_feed.parse(data)
    problems = name_other_kind(found, data, kind="tax")
    # rows of one person and year that fall into two chunks meet each other there, in the right order
    frame = frame.sort("corrected", "corrected_on", "seq", nulls_last=False)
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
    return ChunkResult(
        counts=receive_tax(using=context.using, rows=rows, at=context.now, by=context.by, file_id=file.pk)
    )


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
        title="税情報の取込(社会保障宛名)",
        plan=_plan,
        apply_chunk=_apply,
        finish=_finish,
        refused=refuse_planned(KIND),
    )
)
