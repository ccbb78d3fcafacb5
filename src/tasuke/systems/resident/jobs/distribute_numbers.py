"""distribute-numbers {"path"}: 個人番号 to 団体内統合宛名. The file is read, sealed and not kept; only its hash is."""

from datetime import date
from pathlib import Path

import polars as pl
from django.utils.timezone import localdate

from tasuke.core.problems import Problem, Severity, in_file, is_fatal
from tasuke.formats import my_number_feed
from tasuke.formats.other_kind import name_other_kind
from tasuke.platform.batch.job import ChunkResult, Job, Plan, RunContext, register
from tasuke.platform.exchange.archive import sha256_of
from tasuke.systems.resident.services.receive_numbers import receive_numbers, unknown_persons

KIND = "distribute-numbers"


def _plan(context: RunContext) -> Plan:
    path = Path(str(context.parameters["path"]))
    data = path.read_bytes()
    frame, found = my_number_feed.parse(data)
    problems = name_other_kind(found, data, kind="my-numbers")
    frame, early = _not_yet(frame, localdate(context.now))
    problems += early
    rejected = len({p.line for p in problems if p.severity is Severity.ERROR and p.line is not None})
    problems += _unknown(frame, context.using)
    counts = {"rows": frame.height + rejected, "accepted": frame.height, "rejected": rejected}
    return Plan(
        counts={**counts, "fatal": int(is_fatal(problems))},
        chunks=1 if frame.height else 0,
        # the same file on a later day, with rows whose day has come since, is another message
        work=(sha256_of(data + "".join(f" {p.line}" for p in early).encode()), frame.sort("seq")),
        problems=in_file(problems, path.name),
    )


def _not_yet(frame: pl.DataFrame, today: date) -> tuple[pl.DataFrame, list[Problem]]:
    """Rows whose day has come, and a problem for each of the others.

    団体内統合宛名 takes a number from the moment it comes, and this file is not kept: nothing may wait in it.
    """
    early = frame.filter(pl.col("valid_from") > today)
    problems = [
        Problem(
            "not_yet",
            "異動年月日がまだ来ていません。この行は渡しません。その日以後に、この行をもう一度送ってください。",
            line=line,
            field="異動年月日",
            severity=Severity.ERROR,
        )
        for line in early["line"]
    ]
    return frame.filter(pl.col("valid_from") <= today), problems


def _unknown(frame: pl.DataFrame, using: str) -> list[Problem]:
    """Rows that would be left out: this file is not kept, so whoever runs it must know before it is thrown away."""
    strangers = unknown_persons(using=using, atena_nos=frame["atena_no"].to_list())
    return [
        Problem(
            "person_unknown",
            "住民情報がまだ届いていない人です。この行は渡しません。住民情報を取り込んでから、この行をもう一度送ってください。",
            line=line,
            field="宛名番号",
            severity=Severity.WARNING,
        )
        for line, atena_no in zip(frame["line"], frame["atena_no"], strict=True)
        if atena_no in strangers
    ]


def _apply(context: RunContext, plan: Plan, number: int) -> ChunkResult:
    digest, frame = plan.work
    return ChunkResult(counts=receive_numbers(using=context.using, rows=frame, at=context.now, source=digest))


JOB = register(Job(name=KIND, title="個人番号の配信", plan=_plan, apply_chunk=_apply))
