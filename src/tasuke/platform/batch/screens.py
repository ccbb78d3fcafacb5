"""What the screens of runs show: lists by key, one run with everything about it, its problems as a file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Count, Exists, OuterRef, Q

from tasuke.core.problems import Severity
from tasuke.core.wareki import to_wareki
from tasuke.platform.batch.desk import DESK
from tasuke.platform.batch.job import UnknownJob, get_job
from tasuke.platform.batch.models import Run, RunProblem, RunState
from tasuke.platform.batch.services.start_run import is_at_work
from tasuke.platform.exchange.models import OutboundFile

FILES_SHOWN = 100
LARGE_CHANGE = 20  # percent: whoever approves is told to look twice
_ATENA_NO = re.compile(r"(?<!\d)\d{8,15}(?!\d)")  # 宛名番号: 15 digits at most, 10 in many cities
_TONES = {
    RunState.PLANNED: "info",
    RunState.APPROVED: "info",
    RunState.APPLYING: "warn",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "plain",
}
_PARAMETERS = {"scheme": "制度", "on": "基準日", "pay_on": "支払日", "month": "月", "path": "ファイル"}
_SAME_KIND = ("scheme", "form", "mapping")  # parameters that tell one kind of a job's runs from another
SEVERITIES = {"fatal": ("取込不可", "bad"), "error": ("エラー", "bad"), "warning": ("注意", "warn")}


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as lists and its own page name it."""

    run: Run
    title: str
    tone: str
    state: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of the check: what this run would do beside last time or the register."""

    label: str
    now: int
    before: int | None

    @property
    def difference(self) -> int | None:
        """now − before."""
        return None if self.before is None else self.now - self.before

    @property
    def percent(self) -> int | None:
        """The difference in whole percent of before."""
        return None if not self.before else round((self.now - self.before) * 100 / self.before)

    @property
    def large(self) -> bool:
        """Whether somebody should look twice."""
        if self.before is None:
            return False
        return self.now != 0 if self.before == 0 else abs(self.now - self.before) * 100 >= self.before * LARGE_CHANGE


@dataclass(frozen=True, slots=True)
class LastTime:
    """The run before this one, of the same job and kind, and what both planned, line by line."""

    run: Run
    compared: list[Compared]


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything on one run. at_work: a process applies it now; stopped: it began and nobody is at it."""

    line: RunLine
    plan: Mapping[str, int]
    counts: Mapping[str, int]
    compared: list[Compared]
    problems: Mapping[str, int]  # severity → number
    files: list[OutboundFile]
    at_work: bool

    @property
    def stopped(self) -> bool:
        """The process is gone (or still waits for its turn in the queue)."""
        return bool(self.line.run.state == RunState.APPLYING and not self.at_work)

    @property
    def unusable(self) -> bool:
        """The input is of no use as a whole."""
        return bool(self.problems.get("fatal"))


def runs_list(
    *,
    using: str,
    schemes: frozenset[str] | None,
    job: str = "",
    state: str = "",
    problems: bool = False,
    after: int | None = None,
    limit: int,
) -> list[RunLine]:
    """Runs, newest first, behind the id `after`. schemes: None = all; runs of no scheme are seen by everybody.

    problems: only runs that left out rows.
    """
    found = Run.objects.using(using).newest_first().filter(_of_schemes(schemes))
    if job:
        found = found.of_job(job)
    if state:
        found = found.filter(state=state)
    if problems:
        left_out = RunProblem.objects.using(using).filter(run=OuterRef("pk")).exclude(severity=Severity.WARNING.value)
        found = found.filter(Exists(left_out))
    if after is not None:
        found = found.filter(pk__lt=after)
    return [run_line(run) for run in found[:limit]]


def run_page(*, using: str, schemes: frozenset[str] | None, run_id: int) -> RunPage:
    """One run. Raises Run.DoesNotExist, also for a run of a scheme outside the limit."""
    run = Run.objects.using(using).filter(_of_schemes(schemes)).get(pk=run_id)
    counted = RunProblem.objects.using(using).filter(run=run).values_list("severity").annotate(n=Count("id"))
    return replace(
        run_summary(using=using, run=run),
        problems=dict(counted.order_by()),
        files=list(OutboundFile.objects.using(using).filter(run_id=run.pk).order_by("id")[: FILES_SHOWN + 1]),
    )


def run_summary(*, using: str, run: Run) -> RunPage:
    """What the run itself says, without its problems and files; asks the database only about a run that is applied."""
    return RunPage(
        line=run_line(run),
        plan=DESK.words(run.plan),
        counts=DESK.words(run.counts),
        compared=[Compared(c["label"], c["now"], c["before"]) for c in run.comparison],
        problems={},
        files=[],
        at_work=run.state == RunState.APPLYING and is_at_work(using=using, run=run),
    )


def last_time(*, using: str, run: Run) -> LastTime | None:
    """What `run` plans beside what was planned last time; None when no run of its job and kind has been applied.

    Of the same kind are runs of the same scheme, form of file and 列対応表. A file that had been imported before
    changed nothing and does not count. One statement.
    """
    earlier = Run.objects.using(using).of_job(run.job).filter(state=RunState.DONE, plan__already_imported__isnull=True)
    for name in _SAME_KIND:
        given = run.parameters.get(name)
        earlier = earlier.filter(
            Q(**{f"parameters__{name}__isnull": True}) if given is None else Q(**{f"parameters__{name}": given})
        )
    if run.state == RunState.DONE:
        earlier = earlier.filter(finished_at__lte=run.finished_at)
    before = earlier.exclude(pk=run.pk).order_by("-finished_at", "-id").first()
    if before is None:
        return None
    now, then = DESK.words(run.plan), DESK.words(before.plan)
    # a plan that does not name a count has none of it
    return LastTime(before, [Compared(word, now.get(word, 0), then.get(word, 0)) for word in {**now, **then}])


def problems_list(*, using: str, run_id: int, severity: str = "", after: int = 0, limit: int) -> list[RunProblem]:
    """Problems of a run in their order, behind the id `after`."""
    found = RunProblem.objects.using(using).filter(run_id=run_id, pk__gt=after).order_by("pk")
    return list((found.filter(severity=severity) if severity else found)[:limit])


def problems_frame(problems: Iterable[RunProblem], *, values: bool) -> pl.DataFrame:
    """Problems as a table for a file. values: with the offending text, which may be a resident's data."""
    heads = ["番号", "ファイル", "行", "列", "項目", "程度", "コード", "内容", *(["値"] if values else [])]
    rows = [
        [p.pk, p.file, p.line, p.column, p.field, SEVERITIES[p.severity][0], p.code, p.message]
        + ([p.value] if values else [])
        for p in problems
    ]
    kinds = [pl.Int64, pl.String, pl.Int64, pl.Int64, *[pl.String] * (len(heads) - 4)]
    return pl.DataFrame(rows, schema=dict(zip(heads, kinds, strict=True)), orient="row")


def persons_in(problems: Sequence[RunProblem], *, values: bool) -> list[str]:
    """宛名番号 that stand in what is shown of these problems: whoever looks at them is on record."""
    found = {p.subject for p in problems if p.subject}
    if values:
        # only where the field says so: other fields hold numbers of the same length (institutions, insured persons)
        found |= {no for p in problems if "宛名" in p.field for no in _ATENA_NO.findall(p.value)}
    return sorted(found)


def run_line(run: Run) -> RunLine:
    """A run in words."""
    told = {_PARAMETERS[k]: _shown(k, v) for k, v in run.parameters.items() if k in _PARAMETERS}
    return RunLine(run, job_title(run.job), _TONES[RunState(run.state)], run_state(run), told)


def run_state(run: Run) -> str:
    """The state in words: a plan that nobody has to approve is ready, the others wait."""
    if run.state == RunState.PLANNED:
        return "承認待ち" if run.needs_approval else "計画済み"
    return str(run.get_state_display())


def job_title(job: str) -> str:
    """A job in Japanese; the name itself when this version does not know it."""
    try:
        return get_job(job).title
    except UnknownJob:
        return job


def _shown(key: str, value: Any) -> str:
    if key == "path":
        return str(value).rpartition("/")[2]
    if key == "scheme":
        return str(value)
    try:
        first = date.fromisoformat(f"{value}-01" if key == "month" else str(value))
    except ValueError:  # given by hand on the command line
        return str(value)
    return to_wareki(first).rpartition("月")[0] + "月" if key == "month" else to_wareki(first)


def _of_schemes(schemes: frozenset[str] | None) -> Q:
    if schemes is None:
        return Q()
    return Q(parameters__scheme__in=sorted(schemes)) | Q(parameters__scheme__isnull=True)
