"""What is wrong with an input, said so that a clerk can mend it. Nothing raises on a bad row: the good rows go on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How far a problem reaches."""

    WARNING = "warning"  # the row is used, someone should look
    ERROR = "error"  # the row is left out
    FATAL = "fatal"  # the whole file is left out


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input.

    line: 1-based physical line (None: the whole file); column: 1-based column or byte position within the line;
    field: name of the field in the layout's words; code: stable machine-readable code; message: Japanese, for a clerk;
    value: the offending text, shortened; file: set by whoever knows the file's name.
    """

    code: str
    message: str
    line: int | None = None
    column: int | None = None
    field: str | None = None
    value: str | None = None
    severity: Severity = Severity.ERROR
    file: str | None = None

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.line is not None:
            place.append(f"{self.line}行目")
        if self.column is not None:
            place.append(f"{self.column}列目")
        if self.field:
            place.append(f"「{self.field}」")
        return f"{' '.join(place)}: {self.message}" if place else self.message


def in_file(problems: Iterable[Problem], file: str) -> list[Problem]:
    """The same problems, each with the name of the file."""
    return [replace(p, file=file) for p in problems]


def is_fatal(problems: Iterable[Problem]) -> bool:
    """True when one of the problems condemns the whole file."""
    return any(p.severity is Severity.FATAL for p in problems)
