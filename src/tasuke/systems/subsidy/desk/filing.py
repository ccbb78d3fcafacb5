"""A paper as typed → one row of the application layout: the same rules as for a file. Pure."""

import csv
import io
from collections.abc import Mapping

import polars as pl

from tasuke.core.problems import Problem, Severity
from tasuke.formats import application_feed
from tasuke.formats.csv_layout import Kind

FIELDS = {field.name: field for field in application_feed.LAYOUT.fields}
_NAMES = {field.label: field.name for field in application_feed.LAYOUT.fields}
_ADVICE_FOR_FILES = "表計算ソフト"
# every field in which a 宛名番号 is typed
PERSONS = tuple(name for name in FIELDS if name.endswith(("atena_no", "atena_nos")))


def file_paper(content: Mapping[str, str], *, number: str) -> tuple[pl.DataFrame, list[Problem]]:
    """The typed fields as a parsed row (none when a field cannot be read), and what is wrong, by field name.

    content: days in ISO, flags 0/1, lists with `;`, everything else as on the paper.
    """
    typed = {**content, "application_no": number}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(field.label for field in FIELDS.values())
    writer.writerow(_flag(name, typed.get(name, "")) for name in FIELDS)
    frame, problems = application_feed.parse(text.getvalue().encode("utf-8"))
    return frame, problems


def faults_by_field(problems: list[Problem]) -> dict[str, list[str]]:
    """Messages of what stops a paper, by field name; "" for what concerns no single field."""
    faults: dict[str, list[str]] = {}
    for problem in problems:
        if problem.severity is not Severity.WARNING:
            # advice for whoever made a file means nothing to somebody who types
            message = problem.message.partition(_ADVICE_FOR_FILES)[0]
            faults.setdefault(_NAMES.get(problem.field or "", ""), []).append(message)
    return faults


def warnings_of(problems: list[Problem]) -> list[str]:
    """What should be looked at, and does not stop."""
    return [p.message for p in problems if p.severity is Severity.WARNING]


def persons_named(content: Mapping[str, str]) -> dict[str, list[str]]:
    """Field → 宛名番号 that were typed there."""
    return {name: [n for n in content.get(name, "").split(";") if n] for name in PERSONS}


def _flag(name: str, value: str) -> str:
    return value or ("0" if FIELDS[name].kind is Kind.FLAG else "")
