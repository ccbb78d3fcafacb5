"""償還払い申請: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import receipt_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return receipt_feed.parse(example_file(receipt_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"bank_code": ""}, "account_incomplete", Severity.ERROR),
        ({"received_on": "2026-05-01", "paid_on": "2026-05-01"}, "received_before_service", Severity.ERROR),
        ({"paid_on": "2026-05-01"}, "paid_before_service", Severity.WARNING),
        ({"paid_on": "2026-06-11"}, "paid_after_receipt", Severity.WARNING),
        ({"patient_share": "8501", "benefit_rate": "70"}, "share_over_cost", Severity.ERROR),
        ({"patient_share": "1711"}, "share_over_rate", Severity.WARNING),
        ({"high_cost": "1000", "extra_benefit": "701"}, "benefit_over_share", Severity.WARNING),
        ({"public_program": "54"}, "public_incomplete", Severity.ERROR),
        ({"public_share": "0"}, "public_incomplete", Severity.ERROR),
        ({"public_program": "54", "public_share": "1701"}, "public_share_over_share", Severity.ERROR),
        ({"paid": "8501"}, "paid_over_cost", Severity.WARNING),
        ({"first_visits": "2"}, "first_visits_over_visits", Severity.WARNING),
        ({"care": "device"}, "device_reason", Severity.WARNING),
        ({"institution_code": "3410712363"}, "check_digit", Severity.WARNING),
        ({"recipient_no": "1234567"}, "check_digit", Severity.WARNING),
        ({"care": "医科"}, "unknown_code", Severity.ERROR),
        ({"days": "32"}, "out_of_range", Severity.ERROR),
        ({"paid": "1,700"}, "not_integer", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes: dict[str, str], code: str, severity: Severity) -> None:
    frame, problems = read(changes)

    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {"patient_share": "1710"},
        {"recipient_no": "12345678"},
        {"public_program": "54", "public_share": "1000"},
        {"care": "device", "reason": "5", "institution_code": "", "institution_name": "たすけ義肢製作所"},
        {"bank_code": "", "branch_code": "", "account_kind": "", "account_no": "", "account_holder_kana": ""},
        {"paid": "8960", "meals": "460", "inpatient": "1", "days": "3", "reason": "4"},
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1


def test_the_same_line_of_a_receipt_twice() -> None:
    frame, problems = read({}, {"line_no": "2"}, {"cost": "9000"})

    assert frame["line"].to_list() == [2, 3]
    assert [(p.code, p.line) for p in problems] == [("key_repeated", 4)]
