"""Collects problems, and keeps a fault that is on every row from drowning the rest."""

from collections import Counter
from dataclasses import dataclass, field

from tasuke.core.problems import Problem, Severity

WARNINGS_PER_KIND = 1000  # of each field and code; errors are never cut short, since each names a row that is left out
VALUE_LENGTH = 60


@dataclass(slots=True)
class ProblemLog:
    """Problems found so far. Beyond WARNINGS_PER_KIND, warnings of a kind are counted and told once at the end."""

    found: list[Problem] = field(default_factory=list)
    warned: Counter[tuple[str | None, str]] = field(default_factory=Counter)

    def add(self, problem: Problem) -> None:
        """Take one problem in."""
        if problem.severity is Severity.WARNING:
            kind = (problem.field, problem.code)
            self.warned[kind] += 1
            if self.warned[kind] > WARNINGS_PER_KIND:
                return
        self.found.append(problem)

    def result(self) -> list[Problem]:
        """All problems: those of the whole file first, then by line and column, then what was only counted."""
        ordered = sorted(self.found, key=lambda p: (p.line or 0, p.column or 0))
        for (name, code), count in self.warned.items():
            if count > WARNINGS_PER_KIND:
                message = f"同じ注意がほかに{count - WARNINGS_PER_KIND:,}件あります（コード {code}）。"
                ordered.append(Problem("more_warnings", message, field=name, value=code, severity=Severity.WARNING))
        return ordered


def shorten(text: str | None) -> str | None:
    """A value as it may stand in a problem: not longer than a line, control characters made visible."""
    if text is None:
        return None
    short = text if len(text) <= VALUE_LENGTH else text[:VALUE_LENGTH] + "…"
    return "".join(c if c.isprintable() or c == "　" else f"\\x{ord(c):02x}" for c in short)
