"""照会ファイル: 18 columns of fixed width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.formats.inquiry_file import (
    COLUMNS,
    InquiryRow,
    ResultRow,
    Unwritable,
    parse,
    parse_results,
    render,
    render_results,
    split,
)

_rows = st.builds(
    InquiryRow,
    **{name: st.from_regex(pattern, fullmatch=True).filter(str.isascii) for name, _, _, pattern in COLUMNS},
)


def row(**more):
    facts = dict.fromkeys((name for name, *_ in COLUMNS), "")
    facts |= {
        "atena_no": "1", "unified_no": "000000000000017", "asked_at": "20260610090000000", "requester": "B011002",
        "undisclosed": "0", "procedure_code": "JT00000000000901", "provider": "B012033",
        "information_code": "TM00000000000002",
    }  # fmt: skip
    return InquiryRow(**(facts | more))


@given(st.lists(_rows, max_size=5))
def test_what_was_written_is_read_again(rows):
    assert parse(render(rows)) == (rows, [])
    results = [ResultRow(one, "09", "01") for one in rows]
    assert parse_results(render_results(results)) == (results, [])


@given(st.binary(max_size=400))
def test_no_input_raises(data):
    parse(data)
    parse_results(data)


def test_the_widths_are_those_of_the_sample():
    line = render([row()])
    assert [len(cell) for cell in line.removesuffix(b"\r\n").split(b",")] == [
        2, 15, 15, 17, 20, 20, 16, 1, 16, 16, 16, 16, 16, 16, 1, 1, 8, 8,
    ]  # fmt: skip


def test_ten_thousand_to_a_file():
    names = [name for name, _ in split([row()] * 10_001, stem="SHOKAI")]
    assert names == ["SHOKAI_0001.DAT", "SHOKAI_0002.DAT"]
    with pytest.raises(Unwritable):
        render([row()] * 10_001)


def test_bad_lines_are_named_and_good_lines_go_on():
    good = render([row()]).decode()
    broken = good.replace("TM00000000000002", "TM0000000000000\t")
    rows, problems = parse((good + broken + "x,y\r\n" + good).encode())
    assert len(rows) == 2
    assert [(p.line, p.code) for p in problems] == [(2, "inquiry_file.value"), (3, "inquiry_file.columns")]
    assert [p.code for p in parse(good.removesuffix("\r\n").encode())[1]] == ["inquiry_file.line_end"]
    assert [p.code for p in parse("日本".encode())[1]] == ["inquiry_file.encoding"]


@pytest.mark.parametrize("change", [{"provider": ""}, {"department": "総務"}, {"start": "2026"}, {"user_id": "a,b"}])
def test_a_value_without_a_place_is_not_written(change):
    with pytest.raises(Unwritable) as error:
        render([row(**change)])
    assert not any(value and value in str(error.value) for value in change.values())


def test_only_the_known_pair_is_good():
    assert ResultRow(row(), "09", "01").good
    assert not ResultRow(row(), "09", "02").good
