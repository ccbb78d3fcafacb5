"""What every step of reading one file shares."""

from dataclasses import dataclass

from tasuke.core.problems import Problem, Severity
from tasuke.formats.csv_layout.definition import Field, Layout
from tasuke.formats.csv_layout.header import Header
from tasuke.formats.csv_layout.messages import ProblemLog, shorten


@dataclass(frozen=True, slots=True)
class FileContext:
    """The layout, the header of this file, and the log that all problems go to."""

    layout: Layout
    header: Header
    log: ProblemLog

    @property
    def fields(self) -> list[Field]:
        """The fields in the order of this file."""
        return [field for field in self.header.columns if field is not None]

    def tell(
        self,
        *,
        code: str,
        message: str,
        line: int,
        field: Field,
        value: str | None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Log a problem of one field of one row."""
        column = self.header.position(field.name)
        self.log.add(
            Problem(code, message, line=line, column=column, field=field.label, value=shorten(value), severity=severity)
        )
