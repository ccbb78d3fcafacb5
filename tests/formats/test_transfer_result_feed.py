"""振込結果: the rules of its rows and the totals of the file."""

import pytest

from tasuke.core.problems import Severity
from tasuke.formats import transfer_result_feed
from tasuke.formats.layout_docs import example_file

TWO = {"total_rows": "2", "total_amount": "5000"}
SECOND = {"seq": "2", "payment_no": "2600000013", "amount": "2000"}


def read(*changes: dict[str, str]):
    return transfer_result_feed.parse(example_file(transfer_result_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"reason": ""}, "reason_missing", Severity.ERROR),
        ({"result": "2"}, "reason_unused", Severity.WARNING),
        ({"returned_on": "2026-05-24"}, "returned_too_early", Severity.ERROR),
        ({"amount": "0", "total_amount": "1"}, "out_of_range", Severity.ERROR),
        ({"payment_no": "12"}, "wrong_length", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes, code, severity):
    frame, problems = read(changes)
    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


def test_a_whole_file_and_a_recall_without_a_reason_are_as_they_should_be():
    frame, problems = read(TWO, TWO | SECOND | {"result": "2", "reason": ""})
    assert problems == []
    assert frame["amount"].sum() == 5_000


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((TWO,), "ファイルの件数は2件とありますが、行は1件です"),
        (
            (TWO | {"total_amount": "4999"}, TWO | SECOND | {"total_amount": "4999"}),
            "4,999円とありますが、行の合計は5,000円",
        ),
        ((TWO, TWO | SECOND | {"total_amount": "1"}), "行によって違います"),
    ],
)
def test_totals_that_do_not_agree_condemn_the_file(rows, said):
    _, problems = read(*rows)
    assert [(p.code, p.severity) for p in problems] == [("totals_differ", Severity.FATAL)]
    assert said in problems[0].message


def test_a_row_that_cannot_be_used_still_counts_and_the_sum_is_said_to_be_unchecked():
    frame, problems = read(TWO, TWO | SECOND | {"amount": "２千"})
    assert frame.height == 1
    assert [p.code for p in problems] == ["not_integer", "total_unchecked"]
