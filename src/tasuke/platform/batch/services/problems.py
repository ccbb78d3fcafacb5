"""Record what a run could not take."""

from collections.abc import Iterable

import polars as pl
from django.db import connections

from tasuke.core.problems import Problem
from tasuke.platform.batch.models import Run, RunProblem
from tasuke.platform.bulk import copy_in


def record_problems(
    *, run: Run, using: str, chunk: int | None, problems: Iterable[Problem], replace: bool = False
) -> int:
    """Append problems to a run (replace: those of the same chunk are dropped first); give their number."""
    if replace:
        RunProblem.objects.using(using).filter(run=run, chunk=chunk).delete()
    rows = [
        (
            run.pk,
            chunk,
            p.file or "",
            p.line,
            p.column,
            p.field or "",
            p.code,
            p.severity.value,
            p.message,
            (p.value or "")[:200],
            "",
        )
        for p in problems
    ]
    if not rows:
        return 0
    names = ("run_id", "chunk", "file", "line", "column", "field", "code", "severity", "message", "value", "subject")
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return copy_in(connections[using], RunProblem._meta.db_table, frame)
