"""The reader and writer of all CSV feeds, on a small layout of their own."""

import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity, is_fatal
from tasuke.formats import csv_layout, other_kind
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule
from tasuke.formats.csv_layout.codes import PROBLEM_CODES
from tasuke.formats.csv_layout.messages import WARNINGS_PER_KIND

LAYOUT = Layout(
    id="test_feed",
    title="試験",
    version="1.0",
    fields=(
        Field("seq", "連番", Kind.INT, minimum=1),
        Field("atena_no", "宛名番号", Kind.DIGITS, max_length=15),
        Field("name", "氏名", Kind.TEXT, max_length=10),
        Field("event_code", "異動事由", Kind.CODE, codes={"01": "転入", "02": "出生"}),
        Field("acquired_on", "取得日", Kind.DATE),
        Field("lost_on", "喪失日", Kind.DATE, required=False),
        Field("amount", "金額", Kind.INT, required=False),
        Field("protection", "支援措置", Kind.FLAG),
        Field("insurer_no", "保険者番号", Kind.DIGITS, required=False, lengths=(6, 8), check=NumberKind.INSURER),
        Field("children", "児童", Kind.DIGITS_LIST, required=False, max_length=50),
        Field("postal_code", "郵便番号", Kind.DIGITS, required=False, lengths=(7,), hyphens=True),
        Field("grade", "等級", Kind.TEXT, required=False, pattern="[A-Z]", pattern_hint="英大文字1字"),
        Field("rate", "割合", Kind.INT, required=False, values=(70, 80)),
        Field("note", "備考", Kind.TEXT, required=False, max_length=200),
    ),
    keys=(Key(("seq",), "連番が重なっています。"),),
    rules=(
        Rule(
            "lost_before_acquired", "lost_on", "喪失日が取得日より前です。", pl.col("lost_on") < pl.col("acquired_on")
        ),
        Rule("big", "amount", "金額が大きすぎます。", pl.col("amount") > 1_000_000, Severity.WARNING),
    ),
)
HEADER = ",".join(f.label for f in LAYOUT.fields)
GOOD = {
    "連番": "1",
    "宛名番号": "0012",
    "氏名": "髙橋　花子",
    "異動事由": "01",
    "取得日": "2026-04-01",
    "支援措置": "0",
}


def row(**values: str) -> str:
    return ",".join({**GOOD, **values}.get(f.label, "") for f in LAYOUT.fields)


def file(*rows: str, header: str = HEADER, end: str = "\r\n") -> bytes:
    return "".join(line + end for line in (header, *rows)).encode()


def read(data: bytes) -> tuple[pl.DataFrame, list[Problem]]:
    return csv_layout.parse(data, LAYOUT)


def codes(problems: list[Problem]) -> list[str]:
    return [p.code for p in problems]


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, [str(p) for p in problems]
    return problems[0]


def test_parse_gives_types_and_lines() -> None:
    frame, problems = read(file(row(金額="1500", 支援措置="1", 喪失日="2026-05-01"), row(連番="2")))

    assert not problems
    assert frame.schema == LAYOUT.schema
    assert frame["line"].to_list() == [2, 3]
    assert frame.row(0, named=True) | {"note": None} == {
        "line": 2,
        "seq": 1,
        "atena_no": "0012",
        "name": "髙橋　花子",
        "event_code": "01",
        "acquired_on": date(2026, 4, 1),
        "lost_on": date(2026, 5, 1),
        "amount": 1500,
        "protection": True,
        "insurer_no": None,
        "children": None,
        "postal_code": None,
        "grade": None,
        "rate": None,
        "note": None,
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_parse_accepts_line_ends_and_bom(end: str, bom: bytes) -> None:
    frame, problems = read(bom + file(row(), row(連番="2", 備考='"a' + end + 'b"'), end=end))

    assert not problems
    assert frame["note"].to_list() == [None, f"a{end}b"]


# --- the whole file


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "empty_file", "空"),
        (b"\xef\xbb\xbf\r\n \r\n", "empty_file", "空"),
        (b"\x00" * 300, "empty_file", "空"),
        (file(row()).decode().encode("cp932"), "wrong_encoding", "Shift_JIS"),
        (file(row(氏名="山田")).decode().encode("euc_jp"), "wrong_encoding", "EUC-JP"),
        (file(row(氏名="山田")).decode().encode("iso2022_jp"), "wrong_encoding", "ISO-2022-JP"),
        (file(row()).decode().encode("utf-16"), "wrong_encoding", "UTF-16"),
        (file(row()).decode().encode("utf-16-le"), "wrong_encoding", "UTF-16"),
        (file(row()).decode().encode("utf-16-be"), "wrong_encoding", "UTF-16"),
        (file(row()).decode().encode("utf-32"), "wrong_encoding", "UTF-32"),
        (b"\xff" + file(row()), "wrong_encoding", "UTF-8"),
        (b"PK\x03\x04....", "not_csv", "Excel"),
        (b"%PDF-1.7\n", "not_csv", "PDF"),
        (file(row()).replace(b",", b"\t"), "wrong_separator", "タブ"),
        (file(row()).replace(b",", b";"), "wrong_separator", "セミコロン"),
        (file(row(), header=row()), "header_missing", "見出し"),
        (file(row(), header='"' + HEADER), "header_quotes", "引用符"),
    ],
)
def test_whole_file_faults_are_fatal(data: bytes, code: str, said: str) -> None:
    frame, problems = read(data)

    assert frame.is_empty()
    assert frame.schema == LAYOUT.schema
    assert is_fatal(problems)
    assert only(problems).code == code
    assert said in problems[0].message


def test_header_only_is_an_empty_file_with_a_warning() -> None:
    frame, problems = read(file())

    assert frame.is_empty()
    assert frame.schema == LAYOUT.schema
    assert (only(problems).code, problems[0].severity) == ("no_rows", Severity.WARNING)


def test_missing_columns_are_all_told() -> None:
    header = HEADER.replace("宛名番号,", "").replace(",備考", "")

    frame, problems = read(file(row(), header=header))

    assert frame.is_empty()
    assert [(p.code, p.field, p.severity) for p in problems] == [
        ("column_missing", "宛名番号", Severity.FATAL),
        ("column_missing", "備考", Severity.FATAL),
    ]


def test_doubled_column_is_fatal_with_its_place() -> None:
    frame, problems = read(file(row() + ",", header=HEADER + ",氏名"))

    assert frame.is_empty()
    assert (only(problems).code, problems[0].column, problems[0].field) == ("column_doubled", 15, "氏名")


def test_extra_column_is_left_out_with_a_warning() -> None:
    frame, problems = read(file("x," + row(), header="謎," + HEADER))

    assert frame["atena_no"].to_list() == ["0012"]
    assert frame.columns == list(LAYOUT.schema)
    assert (only(problems).code, problems[0].column, problems[0].value) == ("column_extra", 1, "謎")
    assert problems[0].severity is Severity.WARNING


def test_reordered_columns_are_read_by_their_header() -> None:
    labels = [f.label for f in LAYOUT.fields][::-1]
    values = row(金額="-5").split(",")[::-1]  # the place that is told is the one in this file

    frame, problems = read(file(",".join(values), header=",".join(labels)))

    assert frame.is_empty()
    assert codes(problems) == ["column_order", "negative"]
    assert problems[1].column == labels.index("金額") + 1


def test_reordered_columns_give_the_same_frame() -> None:
    labels = [f.label for f in LAYOUT.fields][::-1]

    frame, problems = read(file(",".join(row().split(",")[::-1]), header=",".join(labels)))

    assert codes(problems) == ["column_order"]
    assert frame.equals(read(file(row()))[0])


def test_columns_swapped_in_the_rows_only_are_found_by_their_values() -> None:
    swapped = row().replace("0012,髙橋　花子", "髙橋　花子,0012")

    frame, problems = read(file(swapped))

    assert frame.is_empty()
    assert (only(problems).code, problems[0].field) == ("not_digits", "宛名番号")


def test_old_mac_line_ends_are_read_with_a_warning() -> None:
    frame, problems = read(file(row(), row(連番="2"), end="\r"))

    assert frame.height == 2
    assert codes(problems) == ["line_breaks"]


def test_two_files_in_one_are_told_at_the_second_header() -> None:
    frame, problems = read(file(row()) + file(row(連番="2"), row()))

    assert frame["seq"].to_list() == [1, 2]
    assert [(p.code, p.line) for p in problems] == [("header_repeated", 3), ("key_repeated", 5)]


def test_truncated_file_keeps_the_rows_before() -> None:
    whole = file(row(), row(連番="2"))

    frame, problems = read(whole[:-20])

    assert frame["seq"].to_list() == [1]
    assert [(p.code, p.line) for p in problems] == [("field_count", 3), ("no_final_newline", 3)]
    assert "途中で切れている" in problems[0].message


def test_file_cut_within_a_character() -> None:
    whole = file(row(), row(連番="2", 備考="花"))

    frame, problems = read(whole.rstrip()[:-1])

    assert frame["seq"].to_list() == [1]
    assert {(p.code, p.line) for p in problems} == {("bad_bytes", 3), ("no_final_newline", 3)}


def test_file_cut_within_quotes() -> None:
    frame, problems = read(file(row(), row(連番="2", 備考='"abc'))[:-2])

    assert frame["seq"].to_list() == [1]
    assert [(p.code, p.line) for p in problems] == [("broken_quotes", 3), ("no_final_newline", 3)]


def test_end_of_file_mark_is_no_row() -> None:
    frame, problems = read(file(row()) + b"\x1a")

    assert (frame.height, problems) == (1, [])


# --- rows


def test_wrong_number_of_fields_leaves_out_that_row_alone() -> None:
    frame, problems = read(file(row(), row(連番="2") + ",", row(連番="3"), "a,b", row(連番="4")))

    assert frame["seq"].to_list() == [1, 3, 4]
    assert [(p.code, p.line, p.value) for p in problems] == [("field_count", 3, "15"), ("field_count", 5, "2")]


def test_blank_lines_are_skipped_with_a_warning() -> None:
    frame, problems = read(file(row(), "", row(連番="2"), "", ""))

    assert frame["line"].to_list() == [2, 4]
    assert [(p.code, p.line, p.severity) for p in problems] == [("blank_line", n, Severity.WARNING) for n in (3, 5, 6)]


def test_one_line_in_another_encoding_leaves_out_that_line() -> None:
    lines = [row().encode(), row(連番="2", 備考="備考").encode("cp932"), row(連番="3").encode()]

    frame, problems = read(b"\n".join([HEADER.encode(), *lines, b""]))

    assert frame["seq"].to_list() == [1, 3]
    assert (only(problems).code, problems[0].line) == ("bad_bytes", 3)
    assert "UTF-8" in problems[0].message


def test_lines_are_physical_after_quoted_line_breaks() -> None:
    frame, problems = read(file(row(備考='"一\r\n二\n三"'), row(連番="2", 金額="x"), row(連番="3")))

    assert frame["line"].to_list() == [2, 6]
    assert frame["note"].to_list() == ["一\r\n二\n三", None]
    assert (only(problems).line, problems[0].column, problems[0].value) == (5, 7, "x")


@pytest.mark.parametrize(
    "broken",
    [
        row(連番="2", 備考='"開いたまま'),
        row(連番="2", 氏名='"開いたまま'),
        row(連番="2", 備考='途中の"引用符'),
        row(連番="2", 備考='"閉じた"後'),
        row(連番="2", 備考='"奇数"""の"'),
        '"' + row(連番="2"),
    ],
)
@pytest.mark.parametrize("quoted", ["", '"引用,あり"', '"改行\nあり"', '""', '","', '"""a"""'])
def test_bad_quotes_leave_out_that_row_alone(broken: str, quoted: str) -> None:
    before, after = row(備考=quoted), [row(連番=str(n), 備考=quoted) for n in range(3, 9)]

    frame, problems = read(file(before, broken, *after))

    assert frame["seq"].to_list() == [1, *range(3, 9)]
    assert only(problems).code == "broken_quotes"
    assert problems[0].line == 3 + before.count("\n")


def test_every_field_in_quotes_is_read() -> None:
    rows = [",".join(f'"{v}"' for v in row(連番=str(n)).split(",")) for n in range(1, 5)]

    frame, problems = read(file(*rows, header=",".join(f'"{f.label}"' for f in LAYOUT.fields)))

    assert not problems
    assert frame["seq"].to_list() == [1, 2, 3, 4]
    assert frame["note"].null_count() == 4


def test_a_quote_left_open_swallows_no_more_than_its_line_in_a_file_full_of_quotes() -> None:
    rows = [",".join(f'"{v}"' for v in row(連番=str(n), 備考="メモ").split(",")) for n in range(1, 400)]
    rows[199] = rows[199][:-1]

    frame, problems = read(file(*rows))

    assert frame.height == 398
    assert (only(problems).code, problems[0].line) == ("broken_quotes", 201)


def test_nul_and_control_bytes_leave_out_the_row() -> None:
    frame, problems = read(file(row(備考="a\0b"), row(連番="2", 備考="a\x1bb"), row(連番="3", 備考="a\tb")))

    assert frame["seq"].to_list() == [3]
    assert [(p.code, p.line, p.value) for p in problems] == [
        ("control_character", 2, "a\\x00b"),
        ("control_character", 3, "a\\x1bb"),
    ]


def test_huge_field_is_told_shortly() -> None:
    frame, problems = read(file(row(備考="あ" * 2_000_000), row(連番="2")))

    assert frame["seq"].to_list() == [2]
    assert (only(problems).code, problems[0].line) == ("too_long", 2)
    assert "2,000,000" in problems[0].message
    assert len(problems[0].value or "") < 100


# --- values


def test_unusable_value_leaves_out_its_row_and_is_told_with_its_place() -> None:
    frame, problems = read(file(row(連番="9"), row(取得日="2026-02-30")))

    assert frame["seq"].to_list() == [9]
    problem = only(problems)
    assert (problem.code, problem.line, problem.column, problem.field) == ("date_not_exist", 3, 5, "取得日")
    assert (problem.value, problem.severity) == ("2026-02-30", Severity.ERROR)


def test_value_put_right_is_used_with_a_warning() -> None:
    frame, problems = read(file(row(取得日="2026/4/2", 宛名番号="００１２", 保険者番号="06130489")))

    assert frame.select("acquired_on", "atena_no", "insurer_no").row(0) == (date(2026, 4, 2), "0012", "06130489")
    assert codes(problems) == ["full_width", "date_not_iso", "check_digit"]
    assert {p.severity for p in problems} == {Severity.WARNING}


def test_integers_may_have_leading_zeros() -> None:
    frame, problems = read(file(row(金額="0015"), row(連番="2", 金額="-0")))

    assert not problems
    assert frame["amount"].to_list() == [15, 0]


def test_length_counts_an_ivs_with_its_character() -> None:
    ten = "葛\U000e0100" * 10

    frame, problems = read(file(row(氏名=ten), row(連番="2", 氏名=ten + "𠮷")))

    assert frame["name"].to_list() == [ten]
    assert "11文字" in only(problems).message


def test_lost_zeros_are_explained() -> None:
    _, problems = read(file(row(異動事由="1"), row(連番="2", 保険者番号="61304")))

    assert ["先頭の0が消える" in p.message for p in problems] == [True, True]


def test_several_faults_of_one_row_are_all_told() -> None:
    frame, problems = read(file(row(金額="-1", 取得日="2026-02-30", 異動事由="")))

    assert frame.is_empty()
    assert codes(problems) == ["required", "date_not_exist", "negative"]


# --- rules and keys


def test_rule_with_an_error_leaves_out_the_row_and_one_with_a_warning_does_not() -> None:
    frame, problems = read(file(row(喪失日="2026-03-31"), row(連番="2", 金額="1000001"), row(連番="3")))

    assert frame["seq"].to_list() == [2, 3]
    assert [(p.code, p.line, p.field, p.value, p.severity) for p in problems] == [
        ("lost_before_acquired", 2, "喪失日", "2026-03-31", Severity.ERROR),
        ("big", 3, "金額", "1000001", Severity.WARNING),
    ]


def test_rules_do_not_follow_from_values_that_are_wrong_themselves() -> None:
    _, problems = read(file(row(喪失日="2026-02-30", 金額="1000001")))

    assert codes(problems) == ["date_not_exist"]


def test_first_row_of_a_key_stands() -> None:
    frame, problems = read(file(row(氏名="甲"), row(連番="2"), row(氏名="乙"), row(氏名="丙")))

    assert frame["name"].to_list() == ["甲", "髙橋　花子"]
    assert [(p.code, p.line, p.value) for p in problems] == [("key_repeated", 4, "1"), ("key_repeated", 5, "1")]
    assert "2行目" in problems[0].message


def test_warnings_of_one_kind_are_counted_beyond_a_limit() -> None:
    count = WARNINGS_PER_KIND + 7
    frame, problems = read(file(*(row(連番=str(n), 備考=" a") for n in range(1, count + 1))))

    assert frame.height == count
    assert codes(problems) == ["spaces_trimmed"] * WARNINGS_PER_KIND + ["more_warnings"]
    assert "7件" in problems[-1].message


def test_errors_are_never_cut_short() -> None:
    count = WARNINGS_PER_KIND + 7

    _, problems = read(file(*(row(連番=str(n), 金額="x") for n in range(1, count + 1))))

    assert len(problems) == count


def test_all_codes_are_documented() -> None:
    sources = io.StringIO()
    for module in ("header", "reader", "rows", "values", "whole_file", "messages"):
        path = csv_layout.__file__.replace("__init__", module)
        with open(path, encoding="utf-8") as source:
            sources.write(source.read())
    sources.write(Path(other_kind.__file__).read_text("utf-8"))

    missing = [code for code in PROBLEM_CODES if f'"{code}"' not in sources.getvalue()]

    assert not missing
