"""An import as the command line does it, with the seconds of its two phases."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Imported:
    """counts of the run, number of problems, and seconds by phase."""

    counts: dict[str, int]
    problems: int
    phases: dict[str, float]

    @property
    def seconds(self) -> float:
        """Both phases together."""
        return sum(self.phases.values())


def timed_import(kind: str, path: Path, **more: Any) -> Imported:
    """Import a file: plan (read, check, compute) and apply (write, commit)."""
    from tasuke.deploy.clock import now
    from tasuke.deploy.imports import import_request
    from tasuke.deploy.runs import load_jobs
    from tasuke.platform.batch.services.apply_run import apply_run
    from tasuke.platform.batch.services.plan_run import plan_run

    load_jobs()
    began = time.perf_counter()
    run, plan = plan_run(using="subsidy", by="bench", now=now(), **import_request(kind, path, **more))
    planned = time.perf_counter()
    run = apply_run(using="subsidy", run=run, plan=plan, clock=now)
    phases = {"plan": round(planned - began, 3), "apply": round(time.perf_counter() - planned, 3)}
    return Imported(dict(run.counts), run.problems.using("subsidy").count(), phases)
