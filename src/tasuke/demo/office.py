"""The office of the demo: runs jobs with a simulated day, measures them, and tells what happened."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tasuke.deploy.clock import TOKYO
from tasuke.deploy.runs import run_job
from tasuke.platform.batch.models import Run
from tasuke.systems.subsidy.count_words import in_words

HEAD = "demo-head"
_PLANNER = "demo-operator"
# who drafts and who agrees where money is moved; everything else the operator runs and the head office agrees to
_OF_MONEY = dict.fromkeys(("select-payments", "write-transfers"), ("demo-drafter", "demo-approver"))


@dataclass(slots=True)
class Step:
    """What one kind of step did over the whole demo. told: of a step that is no run, what it did the last time."""

    title: str
    runs: int = 0
    changed: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    told: str = ""

    def add(self, run: Run, *, fresh: bool, seconds: float) -> None:
        """Count one run; a run that had been done before adds its time only."""
        self.runs += 1
        self.seconds += seconds
        self.changed += fresh
        for key, value in in_words(run.counts).items():
            self.counts[key] = self.counts.get(key, 0) + value


class Office:
    """Holds the simulated day and the steps so far; one line on the console per run."""

    def __init__(self, console: Console, day: date) -> None:
        self.console = console
        self.day = day
        self.steps: dict[str, Step] = {}
        self.began = time.perf_counter()

    def now(self) -> datetime:
        """Nine o'clock of the simulated day."""
        return datetime.combine(self.day, clock_time(9), TOKYO)

    def run(self, title: str, request: Mapping[str, Any], *, what: str = "") -> Run:
        """Run a job to its end, with a bar while it lasts and a line when it is done."""
        start = time.perf_counter()
        by, approver = _OF_MONEY.get(request["job"], (_PLANNER, HEAD))
        with self._bar(f"{title} {what}") as bar:
            run, fresh = run_job(**request, by=by, approver=approver, clock=self.now, progress=bar)
        seconds = time.perf_counter() - start
        self.steps.setdefault(title, Step(title)).add(run, fresh=fresh, seconds=seconds)
        told = "  ".join(f"{k} {v:,}" for k, v in in_words(run.counts).items() if v) if fresh else "済み(変更なし)"
        self.line(f"{title:　<10}", what, told, seconds)
        return run

    def measure(self, title: str, seconds: float, told: str, *, changed: bool = True) -> None:
        """A step that is not a run. changed: whether it did anything that was not done before."""
        step = self.steps.setdefault(title, Step(title))
        step.runs, step.changed, step.seconds = step.runs + 1, step.changed + changed, step.seconds + seconds
        step.told = told if changed else step.told
        self.line(title, "", told, seconds)

    def line(self, title: str, what: str, told: str, seconds: float) -> None:
        """One progress line: time since the start, what was done, counts."""
        since = time.perf_counter() - self.began
        self.console.print(f"[dim]{since:6.1f}s[/]  {title} [cyan]{what}[/]  {told} [dim]({seconds:.1f}s)[/]")

    @contextmanager
    def _bar(self, title: str) -> Iterator[Any]:
        columns = (TextColumn("         {task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
