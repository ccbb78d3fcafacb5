"""福祉情報: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import welfare_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return welfare_feed.parse(example_file(welfare_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"valid_to": "2025-05-31"}, "ended_before_start", Severity.ERROR),
        ({"grade": ""}, "grade_missing", Severity.ERROR),
        ({"grade": "8"}, "grade_unknown", Severity.ERROR),
        ({"fact_code": "31", "grade": "3N"}, "grade_unknown", Severity.ERROR),
        ({"fact_code": "32", "grade": "4"}, "grade_unknown", Severity.ERROR),
        ({"fact_code": "10"}, "grade_unused", Severity.WARNING),
        ({"grade": "Ⅲ"}, "wrong_pattern", Severity.ERROR),
        ({"fact_code": "99"}, "unknown_code", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes: dict[str, str], code: str, severity: Severity) -> None:
    frame, problems = read(changes)

    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_to": "2025-06-01"},
        {"fact_code": "31", "grade": "A"},
        {"fact_code": "32", "grade": "1"},
        {"grade": "1"},
        {"fact_code": "10", "grade": "", "note": "単給"},
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1
