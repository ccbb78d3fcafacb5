import pytest

from tasuke.core.problems import Severity
from tasuke.formats.claims_csv import example_mapping, load_mapping

SMALL = """
id = "small"
title = "小さな例"
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
column = "機関"
[[field]]
name = "billed_month"
column = "請求"
date = "yyyy-mm-dd"
[[field]]
name = "service_month"
column = "診療"
date = "wareki"
[[field]]
name = "name"
column = "氏名"
[[field]]
name = "cost"
column = "費用額"
[[field]]
name = "inpatient"
column = "入外"
values = { "入" = "true", "外" = "false" }
"""


def test_example_mapping_is_complete():
    mapping = example_mapping()
    assert mapping.id == "example-rengo"
    assert len(mapping.file.titles) == 35


def test_load_mapping_reads_a_path(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    mapping, problems = load_mapping(path)
    assert problems == []
    assert mapping is not None
    assert mapping.field[0].constant == "2"


def test_load_mapping_says_all_faults_at_once():
    wrong = (
        SMALL.replace('date = "wareki"', "")
        .replace('name = "name"', 'name = "nama"')
        .replace('"入" = "true"', '"入" = "yes"')
        .replace('constant = "medical"', 'constant = "medicine"')
        .replace('name = "cost"\ncolumn = "費用額"', 'name = "cost"\ncolumn = "費用額"\ndate = "wareki"')
    )
    mapping, problems = load_mapping(wrong.encode())
    assert mapping is None
    assert {p.severity for p in problems} == {Severity.FATAL}
    assert {(p.field, p.code) for p in problems} == {
        ("field[4].date", "MAPPING_ITEM"),
        ("field[5].name", "UNKNOWN_FIELD"),
        ("field[7]", "MAPPING_VALUE"),
        ("field[1]", "MAPPING_VALUE"),
        ("field[6].date", "MAPPING_ITEM"),
        ("field", "MISSING_FIELD"),
    }


def test_load_mapping_says_all_faults_of_form_at_once():
    wrong = (
        SMALL.replace('id = "small"', "")
        .replace('encoding = "utf-8"', 'encoding = "ebcdic"\nspeed = 3\ntitle_row = 2')
        .replace('date = "wareki"', 'date = "heisei"')
        .replace('name = "name"', 'name = "nama"')
    )
    mapping, problems = load_mapping(wrong.encode())
    assert mapping is None
    assert {p.field for p in problems} >= {"id", "file.encoding", "file.speed", "field[4].date", "field[5].name"}
    assert all(p.message for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('column = "機関"', 'column = "機関"\nconstant = "x"', "field[2]"),
        ('column = "機関"', "", "field[2]"),
        ('column = "機関"', "column = 0", "field[2].column"),
        ('column = "機関"', 'column = "機関"\nunit = "points"', "field[2].unit"),
        ('name = "inpatient"', 'name = "sex"', "field"),
        ('title = "小さな例"', 'title = "小さな例"\nunique = ["search_no"]', "unique[0]"),
        ('encoding = "utf-8"', 'encoding = "utf-8"\nheader_rows = 0\ntitle_row = 0', "field[2].column"),
        ('encoding = "utf-8"', 'encoding = "utf-8"\ntitles = ["機関"]', "field[3].column"),
        ('encoding = "utf-8"', 'encoding = "utf-8"\ntitles = ["機関", "機関"]', "file"),
        ('encoding = "utf-8"', 'encoding = "utf-8"\nheader_rows = 1\ntitle_row = 2', "file"),
        ('name = "care"', 'name = "agency"', "field[1].name"),
        ("[[field]]", '[[kohi]]\nfield = [{ name = "copay", column = "負担" }]\n[[field]]', "kohi[0].field"),
        ("[[field]]", '[rows]\ncolumn = "種"\ndata = ["1"]\nskip = ["1"]\n[[field]]', "rows.skip"),
    ],
)
def test_load_mapping_names_the_place_of_a_fault(old, new, field):
    mapping, problems = load_mapping(SMALL.replace(old, new, 1).encode())
    assert mapping is None
    assert field in {p.field for p in problems}


@pytest.mark.parametrize(("data", "code"), [(b"a = ", "MAPPING_SYNTAX"), ("題".encode("cp932"), "MAPPING_ENCODING")])
def test_load_mapping_of_something_else(data, code):
    mapping, (problem,) = load_mapping(data)
    assert mapping is None
    assert problem.code == code


def test_load_mapping_without_file(tmp_path):
    mapping, (problem,) = load_mapping(tmp_path / "none.toml")
    assert mapping is None
    assert problem.code == "MAPPING_UNREADABLE"
