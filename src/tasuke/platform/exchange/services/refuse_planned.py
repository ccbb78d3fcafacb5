"""A planned import whose file is of no use as a whole leaves a row for the file: hash, reason, who, when."""

from pathlib import Path

from tasuke.core.problems import Severity
from tasuke.platform.batch.job import Plan, RefusedFunction, RunContext
from tasuke.platform.exchange.services.record_files import refuse_file

_NAMED = 3  # reasons; the run lists them all


def refuse_planned(kind: str) -> RefusedFunction:
    """What a job that imports files of this kind does with one that it cannot use (`Job.refused`)."""

    def refused(context: RunContext, plan: Plan) -> None:
        path = Path(str(context.parameters["path"]))
        name = str(context.parameters.get("name", path.name))
        reasons = [str(p.message) for p in plan.problems if p.severity is Severity.FATAL]
        more = f"(ほか{len(reasons) - _NAMED}件)" if len(reasons) > _NAMED else ""
        refuse_file(
            using=context.using, kind=kind, name=name, data=path.read_bytes(),
            reason=" ".join(reasons[:_NAMED]) + more, by=context.by, now=context.now,
        )  # fmt: skip

    return refused
