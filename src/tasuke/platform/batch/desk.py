"""What the other rooms say to the screens of runs: words, what may be planned by hand, who starts a run.

The platform knows no business words. `deploy` tells it, once, when the site is put together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from tasuke.platform.exchange.models import OutboundFile

FieldKind = Literal["scheme", "on", "pay_on", "month"]
Launch = Callable[[str, int], None]
Receive = Callable[[str, str, bytes], "RunRequest"]
PersonsOn = Callable[[str, OutboundFile], list[str]]  # database, paper → who stands on it
Words = Callable[[Mapping[str, int]], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What `plan_run` takes."""

    job: str
    target: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """A job that a person may plan on screen. fields: its parameters, in the order of form and target."""

    job: str
    explanation: str
    fields: tuple[FieldKind, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def request(self, values: Mapping[str, str | date]) -> RunRequest:
        """The run that a filled-in form asks for. Days and months are written as in ISO 8601."""
        given: dict[str, str] = {name: self._text(name, values[name]) for name in self.fields}
        return RunRequest(self.job, ":".join(given.values()), {**given, **self.fixed})

    @staticmethod
    def _text(name: FieldKind, value: str | date) -> str:
        return value.strftime("%Y-%m") if name == "month" and isinstance(value, date) else str(value)


@dataclass(slots=True)
class Desk:
    """Everything that was said. reserved: jobs that are approved and started on screens of their own."""

    words: Words = dict
    launch: Launch | None = None
    receive: Receive | None = None
    file_kinds: Mapping[str, str] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    reserved: dict[str, str] = field(default_factory=dict)  # job → name of the address
    paper_kinds: frozenset[str] = frozenset()  # of files that are papers for many, to be taken out here
    persons_on: PersonsOn | None = None
    faults: tuple[type[Exception], ...] = ()  # what a plan raises that a person can do something about


class NoLauncher(RuntimeError):
    """The site was put together without anybody to start runs."""


DESK = Desk()


def launch(using: str, run_id: int) -> None:
    """Hand a started run to whoever applies it. Raises NoLauncher."""
    if DESK.launch is None:
        raise NoLauncher("nobody starts runs in this installation")
    DESK.launch(using, run_id)
