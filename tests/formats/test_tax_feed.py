"""税情報: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import tax_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return tax_feed.parse(example_file(tax_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"status_code": "4"}, "money_undeclared", Severity.ERROR),
        (
            {
                "gross_income": "0",
                "total_income": "",
                "salary_income": "",
                "pension_income": "",
                "deduction_casualty": "",
                "deduction_medical": "",
                "deduction_small_business": "",
                "deduction_spouse_special": "",
                "income_levy": "",
                "per_capita_levy": "",
                "status_code": "4",
            },
            "money_undeclared",
            Severity.ERROR,
        ),
        ({"total_income": ""}, "income_missing", Severity.ERROR),
        ({"status_code": "2"}, "levy_contradicts_status", Severity.ERROR),
        ({"status_code": "1", "per_capita_levy": "0"}, "levy_contradicts_status", Severity.ERROR),
        ({"status_code": "1", "income_levy": "0"}, "per_capita_contradicts_status", Severity.ERROR),
        ({"income_levy": "0"}, "levy_missing", Severity.WARNING),
        ({"income_levy": ""}, "levy_missing", Severity.WARNING),
        (
            {"dependents": "2", "dependents_elderly": "1", "dependents_specific": "1", "dependents_16_18": "1"},
            "dependents_subset",
            Severity.ERROR,
        ),
        ({"dependents": "", "dependents_elderly": "1"}, "dependents_subset", Severity.ERROR),
        ({"widow": "1", "single_parent": "1"}, "widow_and_single_parent", Severity.WARNING),
        ({"corrected_on": "2026-07-01"}, "correction_date_without_flag", Severity.ERROR),
        ({"corrected": "1"}, "correction_date_missing", Severity.WARNING),
        ({"total_income": "-1"}, "negative", Severity.ERROR),
        ({"tax_year": "8"}, "out_of_range", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes: dict[str, str], code: str, severity: Severity) -> None:
    frame, problems = read(changes)

    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "gross_income": "",
            "total_income": "",
            "salary_income": "",
            "pension_income": "",
            "deduction_casualty": "",
            "deduction_medical": "",
            "deduction_small_business": "",
            "deduction_spouse_special": "",
            "income_levy": "",
            "per_capita_levy": "",
            "status_code": "4",
            "declared_on": "",
        },
        {"status_code": "1", "total_income": "0", "income_levy": "0", "per_capita_levy": "0"},
        {"status_code": "2", "income_levy": "0"},
        {"corrected": "1", "corrected_on": "2026-07-01"},
        {"dependents": "3", "dependents_elderly": "1", "dependents_specific": "1", "dependents_16_18": "1"},
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1


def test_undeclared_and_zero_are_different() -> None:
    frame, _ = read({"status_code": "1", "total_income": "0", "income_levy": "0", "per_capita_levy": ""})

    assert frame["total_income"].to_list() == [0]
    assert frame["per_capita_levy"].to_list() == [None]


def test_a_correction_is_a_row_of_its_own() -> None:
    corrected = {"seq": "2", "corrected": "1", "corrected_on": "2026-07-01"}

    frame, problems = read({}, corrected, {**corrected, "seq": "3"})

    assert frame["seq"].to_list() == [1, 2]
    assert [(p.code, p.line) for p in problems] == [("key_repeated", 4)]
