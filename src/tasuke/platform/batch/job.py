"""What a job is: a plan that only reads, chunks in a fixed order, and one function that applies a chunk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tasuke.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the check before anything leaves the house: this run's count beside last time's or the register's."""

    label: str
    now: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would change. `work` is whatever apply needs (frames, keys); it is never stored."""

    counts: Mapping[str, int]
    chunks: int
    work: Any
    comparisons: Sequence[Comparison] = ()
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What one chunk did: counts are added up over the run."""

    counts: Mapping[str, int]
    problems: Iterable[Problem] = ()


@dataclass(frozen=True, slots=True)
class RunContext:
    """Handed to plan and apply. using: database alias; parameters: as stored with the run; now: the edge's clock."""

    using: str
    parameters: Mapping[str, Any]
    by: str
    now: datetime
    run_id: int | None = None  # None while a new run is planned

    @property
    def applied_run(self) -> int:
        """The run that is being applied. Raises RuntimeError while it is only planned."""
        if self.run_id is None:
            raise RuntimeError("the run is only planned")
        return self.run_id


class PlanFunction(Protocol):
    """Reads, computes and says what would change. Must give the same chunks in the same order when called again."""

    def __call__(self, context: RunContext) -> Plan: ...


class ApplyFunction(Protocol):
    """Applies chunk `number` of the plan's work inside the transaction that also records the chunk."""

    def __call__(self, context: RunContext, plan: Plan, number: int) -> ChunkResult: ...


FinishFunction = Callable[[RunContext, Plan], Mapping[str, int]]
RefusedFunction = Callable[[RunContext, Plan], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of run. needs_approval: money or notices leave the house. finish: last step, in one transaction.

    refused: what to keep of an input that is of no use as a whole (a FATAL problem), in the transaction of the plan.
    """

    name: str
    title: str
    plan: PlanFunction
    apply_chunk: ApplyFunction
    needs_approval: bool = False
    finish: FinishFunction | None = None
    refused: RefusedFunction | None = None
    units: str = field(default="件")


class UnknownJob(LookupError):
    """No job of this name is registered."""


_jobs: dict[str, Job] = {}


def register(job: Job) -> Job:
    """Make a job known to `tasuke run` and to the workers. Two jobs of one name are a programming fault."""
    if job.name in _jobs and _jobs[job.name] is not job:
        raise ValueError(f"job {job.name} is registered twice")
    _jobs[job.name] = job
    return job


def get_job(name: str) -> Job:
    """The job of this name. Raises UnknownJob."""
    try:
        return _jobs[name]
    except KeyError:
        raise UnknownJob(name) from None


def all_jobs() -> list[Job]:
    """Every registered job, by name."""
    return [_jobs[name] for name in sorted(_jobs)]
