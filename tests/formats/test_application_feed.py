"""申請・届出: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import application_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return application_feed.parse(example_file(application_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"bank_code": ""}, "account_incomplete", Severity.ERROR),
        (
            {
                "bank_code": "",
                "branch_code": "",
                "account_kind": "",
                "account_no": "1234567",
                "account_holder_kana": "",
            },
            "account_incomplete",
            Severity.ERROR,
        ),
        (
            {
                "bank_code": "",
                "branch_code": "",
                "account_kind": "",
                "account_no": "",
                "account_holder_kana": "",
                "kind": "3",
            },
            "account_missing",
            Severity.ERROR,
        ),
        ({"public_account": "1"}, "two_accounts", Severity.WARNING),
        ({"kind": "2", "insured_on": ""}, "insurance_missing", Severity.ERROR),
        ({"number": ""}, "insurance_incomplete", Severity.ERROR),
        ({"kind": "4"}, "loss_reason_missing", Severity.WARNING),
        ({"role": "2"}, "children_missing", Severity.WARNING),
        ({"child_atena_nos": "5"}, "children_of_other_role", Severity.WARNING),
        ({"single_parent_since": ""}, "single_parent_incomplete", Severity.WARNING),
        ({"event_date": "2026-05-12"}, "event_after_receipt", Severity.WARNING),
        ({"account_no": "123456"}, "wrong_length", Severity.ERROR),
        ({"account_kind": "9"}, "unknown_code", Severity.ERROR),
        ({"scheme": "川崎ひとり親"}, "wrong_pattern", Severity.ERROR),
        ({"supporter_atena_nos": "1,2"}, "not_digits", Severity.ERROR),
        ({"child_support": "-1"}, "negative", Severity.ERROR),
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
            "bank_code": "",
            "branch_code": "",
            "account_kind": "",
            "account_no": "",
            "account_holder_kana": "",
            "kind": "3",
            "public_account": "1",
        },
        {"kind": "4", "loss_reason": "婚姻"},
        {"role": "2", "child_atena_nos": "000000010234561;000000010234579"},
        {
            "insurance_kind": "",
            "insurer_no": "",
            "symbol": "",
            "number": "",
            "branch_no": "",
            "insured_atena_no": "",
            "insured_relation": "",
            "insured_on": "",
            "benefit_rate": "",
            "missing_documents": "資格確認書の写し",
        },
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1


def test_one_application_has_a_row_for_each_person() -> None:
    frame, problems = read({}, {"person_atena_no": "7"}, {"note": "再送"})

    assert frame["line"].to_list() == [2, 3]
    assert [(p.code, p.line) for p in problems] == [("key_repeated", 4)]


def test_a_change_of_the_law_may_be_applied_for_before_it_begins() -> None:
    _, problems = read({"reason": "4", "event_date": "2026-05-12"})
    assert "event_after_receipt" not in {p.code for p in problems}
