from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.core.problems import Severity
from tasuke.formats.claims_csv import example_mapping, load_mapping, parse, render
from tasuke.formats.claims_csv.definition import DateForm
from tasuke.formats.claims_csv.values import read_date
from tasuke.formats.claims_csv.writer import write_date
from tasuke.formats.uke.frames import CLAIM_SCHEMA, KOHI_SCHEMA

MAPPING = example_mapping()
SMALL = b"""
id = "small"
title = "small"
[file]
encoding = "utf-8"
[[field]]
name = "agency"
constant = "2"
[[field]]
name = "care"
constant = "medical"
[[field]]
name = "institution_code"
column = 1
[[field]]
name = "billed_month"
column = 2
date = "yyyy/mm/dd"
[[field]]
name = "service_month"
column = 2
date = "yyyy/mm/dd"
[[field]]
name = "name"
column = 3
[[field]]
name = "cost"
column = 4
[[field]]
name = "sex"
column = 5
values = { "M" = "1", "F" = "2", "-" = "" }
[[field]]
name = "inpatient"
constant = false
[[kohi]]
present = 6
field = [{ name = "payer_no", constant = "81136244" }, { name = "copay", column = 6 }]
"""


def _claims(count: int = 4) -> pl.DataFrame:
    rows = range(count)
    frame = pl.DataFrame(
        {
            "line": [3 + i for i in rows],
            "agency": ["2"] * count,
            "care": (["medical", "dental", "pharmacy", "nursing"] * count)[:count],
            "institution_code": [f"01{t}1234567" for t in ("1346" * count)[:count]],
            "institution_name": ["中央病院"] * count,
            "receipt_type": [f"{t}122" for t in ("1346" * count)[:count]],
            "name": ["髙橋　一子"] * count,
            "sex": ["1", "2"] * (count // 2),
            "birth_date": [date(1989, 1, 7), date(1989, 1, 8)] * (count // 2),
            "insurer_no": ["138057"] * count,
            "symbol": ["札・1,2"] * count,
            "number": [str(i) for i in rows],
            "branch_no": ["01"] * count,
            "benefit_rate": [70, 80] * (count // 2),
            "cost": [12340 + 10 * i for i in rows],
            "days": [1 + i for i in rows],
            "first_visits": [i % 2 for i in rows],
            "search_no": [f"{i:017d}" for i in rows],
        }
    ).with_columns(billed_month=date(2026, 6, 1), service_month=date(2026, 5, 1))
    return frame.with_columns(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CLAIM_SCHEMA.items()
    )


def _kohi() -> pl.DataFrame:
    rows = [(3, 1, "81136244", "0000012", 500), (3, 2, "90011234", None, None), (5, 1, "81136244", "0000013", 0)]
    frame = pl.DataFrame(rows, schema=["line", "order", "payer_no", "recipient_no", "copay"], orient="row")
    return frame.with_columns(days=pl.lit(1), cost=pl.lit(12340))


def _codes(problems):
    return {problem.code for problem in problems}


def _replaced(old: str, new: str) -> bytes:
    text = render(_claims(), _kohi(), MAPPING).decode("cp932")
    assert old in text
    return text.replace(old, new, 1).encode("cp932")


def test_parse_reads_back_what_was_written():
    claims, kohi, problems = parse(render(_claims(), _kohi(), MAPPING), MAPPING)
    assert problems == []
    assert claims.schema == CLAIM_SCHEMA
    assert kohi.schema == KOHI_SCHEMA
    for column in _claims().columns:
        if column not in ("inpatient", "visit_days", "name_has_replaced"):
            assert claims[column].to_list() == _claims()[column].to_list(), column
    assert claims["inpatient"].to_list() == [False] * 4
    assert (
        kohi.select("line", "order", "payer_no", "recipient_no", "copay").rows()
        == _kohi().select("line", "order", "payer_no", "recipient_no", "copay").rows()
    )
    assert kohi["cost"].to_list() == [12340] * 3


def test_parse_reads_columns_by_number_constants_and_public_programs_that_are_present():
    mapping, _ = load_mapping(SMALL)
    data = '機関,年月,氏名,費用,性別,負担\n0111234567,2026/5,山田,"12,340",M,500\n0111234567,2026/5,山田？,１２０,-,\n'
    claims, kohi, problems = parse(data.encode(), mapping)
    assert problems == []
    assert claims["cost"].to_list() == [12340, 120]
    assert claims["sex"].to_list() == ["1", None]
    assert claims["receipt_type"].to_list() == ["", ""]
    assert claims["name_has_replaced"].to_list() == [False, True]
    assert kohi.select("line", "order", "payer_no", "copay").rows() == [(2, 1, "81136244", 500)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("医科", "内科", "BAD_VALUE"),
        (",50805,", ",50813,", "BAD_VALUE"),
        ("昭和64年1月7日", "昭和64年1月8日", "BAD_VALUE"),
        ("0111234567", "01112345678", "BAD_VALUE"),
        (",1234,", ",12E4,", "BAD_VALUE"),
        ("髙橋　一子", "", "MISSING_VALUE"),
        (",1122,", ",,", "MISSING_VALUE"),
        ("髙橋　一子", "髙橋,一子", "WRONG_ITEM_COUNT"),
        ("\r\n2,00000000000000000", "\r\n9,00000000000000000", "UNKNOWN_ROW_KIND"),
        ("81136244", "811362440", "BAD_VALUE"),
    ],
)
def test_parse_leaves_out_a_wrong_row_and_says_why(old, new, code):
    claims, kohi, problems = parse(_replaced(old, new), MAPPING)
    # an unknown kind of row is no claim, so the total no longer fits
    told = [p for p in problems if p.severity is Severity.ERROR and p.code != "TOTALS_DIFFER"]
    (problem,) = told
    assert problem.code == code
    assert problem.line in (3, 4)
    assert "取り込みません" in problem.message
    assert claims.height == 3
    assert set(kohi["line"]) <= set(claims["line"])


def test_parse_marks_a_row_that_comes_twice():
    claims, _, (problem,) = parse(_replaced("00000000000000000", "00000000000000001"), MAPPING)
    assert (problem.code, problem.severity) == ("DOUBLED_ROW", Severity.ERROR)
    assert claims.filter(claims["double_of"].is_not_null()).select("line", "double_of").rows() == [(4, 3)]


def test_parse_says_every_fault_of_a_row():
    data = _replaced("昭和64年1月7日", "昭和99年1月7日").replace("医科".encode("cp932"), "内科".encode("cp932"))
    _, _, problems = parse(data, MAPPING)
    assert [p.field for p in problems if p.code == "BAD_VALUE"] == ["区分", "生年月日"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("\r\n3,", "\r\n1,", "NO_TOTAL"), ("\r\n3,", "\r\n3,9", "TOTALS_DIFFER"), (",4942,", ",494Z,", "BAD_TOTAL")],
)
def test_parse_checks_the_total_row(old, new, code):
    if code == "TOTALS_DIFFER":
        old, new = ",4942,", ",4943,"
    claims, _, problems = parse(_replaced(old, new), MAPPING)
    assert [(p.code, p.severity) for p in problems] == [(code, Severity.ERROR)]
    assert claims.height == 4


def test_parse_refuses_another_encoding():
    data = render(_claims(), _kohi(), MAPPING).decode("cp932").encode("utf-8")
    claims, _, (problem,) = parse(data, MAPPING)
    assert (problem.code, problem.severity) == ("WRONG_ENCODING", Severity.FATAL)
    assert claims.is_empty()
    mapping, _ = load_mapping(SMALL)
    _, _, (problem,) = parse("機関,年月,氏名,費用,性別,負担\n1,2,山田,4,5,6\n".encode("cp932"), mapping)
    assert problem.code == "WRONG_ENCODING"


def test_parse_keeps_a_row_with_unreadable_characters():
    data = render(_claims(), _kohi(), MAPPING).replace("髙橋".encode("cp932"), b"\x8eR\x93 ", 1)
    claims, _, problems = parse(data, MAPPING)
    assert _codes(problems) == {"UNREADABLE_TEXT"}
    assert claims["name_has_replaced"].to_list() == [True, False, False, False]


@pytest.mark.parametrize(
    ("old", "new"), [("氏名,", "名前,"), ("氏名,", "氏名カナ,"), ("種別,検索番号", "検索番号,検索番号")]
)
def test_parse_refuses_titles_that_do_not_fit(old, new):
    claims, _, problems = parse(_replaced(old, new), MAPPING)
    assert _codes(problems) == {"WRONG_TITLES"}
    assert claims.is_empty()


@pytest.mark.parametrize("data", [b"", b"\r\n", b"title"])
def test_parse_refuses_an_empty_file(data):
    claims, kohi, problems = parse(data, MAPPING)
    assert _codes(problems) == {"EMPTY_FILE"}
    assert (claims.schema, kohi.schema) == (CLAIM_SCHEMA, KOHI_SCHEMA)


def test_parse_refuses_broken_quotes():
    claims, _, problems = parse(_replaced("中央病院", '"中央病院'), MAPPING)
    assert _codes(problems) == {"BROKEN_QUOTES"}
    assert claims.is_empty()


def test_parse_keeps_physical_lines_when_a_field_has_a_line_break():
    mapping, _ = load_mapping(SMALL)
    data = '機関,年月,氏名,費用,性別,負担\n0111234567,2026/5,"山\n田",10,M,\n0111234567,2026/5,川田,10,X,\n'
    claims, _, problems = parse(data.encode(), mapping)
    assert claims["line"].to_list() == [2]
    assert [p.line for p in problems] == [4]


@pytest.mark.parametrize("form", list(DateForm))
@given(day=st.dates(date(1873, 2, 1), date(2099, 12, 31)), month=st.booleans())
@settings(max_examples=40, deadline=None)
def test_dates_survive_every_form(form, day, month):
    written = write_date(day, form, month=month)
    assert read_date(written, form, month=month) == (day.replace(day=1) if month else day)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和元年5月", date(2019, 5, 1)),
        ("R8.5", date(2026, 5, 1)),
        ("R08/05", date(2026, 5, 1)),
        ("令和８年５月分", date(2026, 5, 1)),
    ],
)
def test_months_in_the_forms_of_clerks(text, expected):
    assert read_date(text, DateForm.WAREKI, month=True) == expected


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_frames_and_problems(data):
    good = render(_claims(), _kohi(), MAPPING)
    for damaged in (data, good[: len(good) // 2] + data + good[len(good) // 2 :]):
        claims, kohi, problems = parse(damaged, MAPPING)
        assert claims.height == 4 or problems
        assert set(kohi["line"]) <= set(claims["line"])
