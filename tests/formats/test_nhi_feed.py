"""国保・後期資格: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import nhi_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return nhi_feed.parse(example_file(nhi_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"lost_on": "2019-04-30"}, "lost_before_acquired", Severity.ERROR),
        ({"lost_on": "2019-05-01"}, "lost_before_acquired", Severity.ERROR),
        ({"insurance_kind": "6", "insured_relation": "1"}, "insurer_kind", Severity.WARNING),
        ({"insurance_kind": "4"}, "insurer_kind", Severity.WARNING),
        ({"insurance_kind": "6", "insurer_no": "39131156", "symbol": ""}, "elderly_dependent", Severity.WARNING),
        ({"insurer_no": "138058"}, "check_digit", Severity.WARNING),
        ({"insurer_no": "1380570"}, "wrong_length", Severity.ERROR),
        ({"benefit_rate": "60"}, "unknown_code", Severity.ERROR),
        ({"branch_no": "2"}, "wrong_length", Severity.ERROR),
        ({"number": ""}, "required", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes: dict[str, str], code: str, severity: Severity) -> None:
    frame, problems = read(changes)

    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {"lost_on": "2019-05-02"},
        {"symbol": "", "branch_no": "", "limit_class": ""},
        {"insurance_kind": "4", "insurer_no": "06130488", "benefit_rate": "70"},
        {"insurance_kind": "6", "insurer_no": "39131156", "insured_relation": "1", "symbol": "", "benefit_rate": "90"},
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1


def test_acquisition_and_later_loss_of_one_membership_are_two_rows() -> None:
    loss = {"seq": "2", "lost_on": "2026-04-01"}

    frame, problems = read({}, loss, {**loss, "seq": "3"})

    assert frame["seq"].to_list() == [1, 2]
    assert [(p.code, p.line) for p in problems] == [("key_repeated", 4)]
