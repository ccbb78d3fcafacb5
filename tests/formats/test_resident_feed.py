"""住民情報: the rules of its rows."""

import polars as pl
import pytest

from tasuke.core.problems import Problem, Severity
from tasuke.formats import resident_feed
from tasuke.formats.layout_docs import example_file


def read(*changes: dict[str, str]) -> tuple[pl.DataFrame, list[Problem]]:
    return resident_feed.parse(example_file(resident_feed.LAYOUT, *changes))


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"birth_date": ""}, "birth_missing", Severity.ERROR),
        ({"birth_date": "2026-04-02", "resident_since": ""}, "birth_after_event", Severity.ERROR),
        ({"resident_status": "2", "event_code": "04"}, "removal_date_missing", Severity.ERROR),
        ({"resident_status": "3", "event_code": "05"}, "removal_date_missing", Severity.ERROR),
        ({"removed_on": "2026-04-01"}, "removal_without_status", Severity.ERROR),
        ({"resident_status": "8", "removed_on": "2026-04-01"}, "removal_without_status", Severity.ERROR),
        (
            {"resident_status": "2", "event_code": "04", "removed_on": "2026-03-31"},
            "removal_date_differs",
            Severity.WARNING,
        ),
        ({"event_code": "04"}, "event_contradicts_status", Severity.ERROR),
        (
            {"event_code": "05", "resident_status": "2", "removed_on": "2026-04-01"},
            "event_contradicts_status",
            Severity.ERROR,
        ),
        ({"event_code": "11"}, "event_contradicts_status", Severity.ERROR),
        ({"resident_since": "2019-04-30"}, "resident_since_before_birth", Severity.WARNING),
        ({"name_kana": "たかはし"}, "kana_not_katakana", Severity.WARNING),
        ({"name_kana": "ﾀｶﾊｼ"}, "kana_not_katakana", Severity.WARNING),
        ({"municipality_code": "011001"}, "check_digit", Severity.WARNING),
        ({"relationship_code": "202"}, "wrong_length", Severity.ERROR),
        ({"protection": ""}, "required", Severity.ERROR),
    ],
)
def test_rows_that_contradict_themselves(changes: dict[str, str], code: str, severity: Severity) -> None:
    frame, problems = read(changes)

    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 2, severity)]
    assert frame.height == (severity is Severity.WARNING)


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_date": "", "birth_text": "昭和12年\u3000月日不詳"},
        {"resident_status": "2", "event_code": "04", "removed_on": "2026-04-01"},
        {"resident_status": "3", "event_code": "05", "removed_on": "2026-04-01"},
        {"resident_status": "9", "event_code": "11", "removed_on": "2026-04-01"},
        {"resident_status": "8", "event_code": "12", "resident_since": ""},
        {"event_code": "02", "event_date": "2019-05-01"},
        {"resident_type": "2", "name": "NGUYEN THI HOA", "name_kana": "", "alias": "青木\u3000花"},
        {"relationship_code": "2020", "relationship": "子の子"},
    ],
)
def test_rows_that_are_as_they_should_be(changes: dict[str, str]) -> None:
    frame, problems = read(changes)

    assert not problems
    assert frame.height == 1


def test_the_same_event_twice_is_used_with_a_warning() -> None:
    frame, problems = read({}, {"seq": "2", "address_detail": "一〇一号"})

    assert frame["seq"].to_list() == [1, 2]
    assert [(p.code, p.line, p.severity) for p in problems] == [("key_repeated", 3, Severity.WARNING)]


def test_the_same_number_twice_leaves_out_the_later_row() -> None:
    frame, problems = read({}, {"atena_no": "5"})

    assert frame["line"].to_list() == [2]
    assert [(p.code, p.line, p.severity) for p in problems] == [("key_repeated", 3, Severity.ERROR)]
