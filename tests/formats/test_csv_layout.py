"""The reader and writer of all CSV feeds, on a small layout of their own."""

import io
from datetime import date

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasuke.core.numbers import NumberKind
from tasuke.core.problems import Problem, Severity, is_fatal
from tasuke.formats import csv_layout
from tasuke.formats.csv_layout import Field, Key, Kind, Layout, Rule, UnwritableFrame, UnwritableValue
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


@pytest.mark.parametrize(
    ("label", "text", "code"),
    [
        ("氏名", "", "required"),
        ("氏名", "　", "required"),
        ("氏名", "一二三四五六七八九十百", "too_long"),
        ("等級", "a", "wrong_pattern"),
        ("宛名番号", "12A", "not_digits"),
        ("宛名番号", "1.2E+11", "not_digits"),
        ("宛名番号", "1234567890123456", "too_long"),
        ("保険者番号", "12345", "wrong_length"),
        ("郵便番号", "060-001", "wrong_length"),
        ("異動事由", "99", "unknown_code"),
        ("異動事由", "1", "unknown_code"),
        ("支援措置", "はい", "unknown_code"),
        ("支援措置", "", "required"),
        ("割合", "75", "unknown_code"),
        ("金額", "-1", "negative"),
        ("金額", '"1,000"', "not_integer"),
        ("金額", "100円", "not_integer"),
        ("金額", "10.0", "not_integer"),
        ("金額", "9" * 15, "out_of_range"),
        ("金額", "9" * 30, "out_of_range"),
        ("連番", "0", "out_of_range"),
        ("児童", "12;;13", "not_digits"),
        ("児童", ";".join(["123456789012345"] * 4), "too_long"),
        ("取得日", "2026-02-30", "date_not_exist"),
        ("取得日", "2026-13-01", "date_not_exist"),
        ("取得日", "0000-00-00", "date_not_exist"),
        ("取得日", "2025/02/29", "date_not_exist"),
        ("取得日", "令和8年4月1日", "date_wareki"),
        ("取得日", "R8.4.1", "date_wareki"),
        ("取得日", "5080401", "date_wareki"),
        ("取得日", "4月1日", "date_format"),
        ("取得日", "46113", "date_format"),
        ("取得日", "1600-01-01", "date_range"),
        ("喪失日", "9999-12-31", "date_open_end"),
        ("喪失日", "99991231", "date_open_end"),
        ("喪失日", "2026-04-01 12:34:56", "date_format"),
    ],
)
def test_unusable_values_leave_out_the_row(label: str, text: str, code: str) -> None:
    frame, problems = read(file(row(連番="9"), row(**{label: text})))

    assert frame["seq"].to_list() == [9]
    problem = only(problems)
    assert (problem.code, problem.line, problem.field) == (code, 3, label)
    assert problem.column == HEADER.split(",").index(label) + 1
    assert problem.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("label", "text", "name", "value", "code"),
    [
        ("氏名", " 花子　", "name", "花子", "spaces_trimmed"),
        ("備考", '"\n"', "note", None, "spaces_trimmed"),
        ("宛名番号", "００１２", "atena_no", "0012", "full_width"),
        ("金額", "１５００", "amount", 1500, "full_width"),
        ("金額", " 15", "amount", 15, "spaces_trimmed"),
        ("異動事由", "０２", "event_code", "02", "full_width"),
        ("支援措置", "１", "protection", True, "full_width"),
        ("児童", "１２；１３", "children", "12;13", "full_width"),
        ("郵便番号", "060-8611", "postal_code", "0608611", "hyphen_removed"),
        ("取得日", "２０２６－０４－０２", "acquired_on", date(2026, 4, 2), "full_width"),
        ("取得日", "2026/4/2", "acquired_on", date(2026, 4, 2), "date_not_iso"),
        ("取得日", "2026.04.02", "acquired_on", date(2026, 4, 2), "date_not_iso"),
        ("取得日", "20260402", "acquired_on", date(2026, 4, 2), "date_not_iso"),
        ("取得日", "2026-4-2", "acquired_on", date(2026, 4, 2), "date_not_iso"),
        ("取得日", "2026-04-02 00:00:00", "acquired_on", date(2026, 4, 2), "date_not_iso"),
        ("保険者番号", "06130489", "insurer_no", "06130489", "check_digit"),
    ],
)
def test_values_put_right_are_used_with_a_warning(label: str, text: str, name: str, value: object, code: str) -> None:
    frame, problems = read(file(row(**{label: text})))

    assert frame[name].to_list() == [value]
    assert (only(problems).code, problems[0].severity, problems[0].line) == (code, Severity.WARNING, 2)


def test_leading_zeros_of_integers_are_not_told() -> None:
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


# --- writing


def frame_of(**values: object) -> pl.DataFrame:
    base: dict[str, object] = {
        "seq": 1,
        "atena_no": "0012",
        "name": "花子",
        "event_code": "01",
        "acquired_on": date(2026, 4, 1),
        "protection": False,
    }
    given = base | values
    return pl.DataFrame({k: [v] for k, v in given.items()}, schema={k: LAYOUT.schema[k] for k in given})


def test_render_writes_iso_dates_flags_and_crlf() -> None:
    data = csv_layout.render(frame_of(amount=5, children="1;2", note='=1+1,"x"'), LAYOUT)

    assert data.decode() == HEADER + '\r\n1,0012,花子,01,2026-04-01,,5,0,,1;2,,,,"=1+1,""x"""\r\n'


def test_render_of_no_rows_is_a_header() -> None:
    assert csv_layout.render(pl.DataFrame(schema=LAYOUT.schema), LAYOUT).decode() == HEADER + "\r\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None),
        ("name", ""),
        ("note", ""),
        ("name", " 花子"),
        ("name", "一二三四五六七八九十百"),
        ("note", "a\0b"),
        ("atena_no", "12A"),
        ("atena_no", "１２"),
        ("event_code", "99"),
        ("insurer_no", "123"),
        ("postal_code", "060-8611"),
        ("amount", -1),
        ("amount", 10**13),
        ("rate", 75),
        ("grade", "a"),
        ("children", "1;;2"),
        ("acquired_on", None),
        ("acquired_on", date(9999, 12, 31)),
        ("protection", None),
    ],
)
def test_render_refuses_a_value_that_would_not_read_back(name: str, value: object) -> None:
    good = frame_of()
    frame = pl.concat([good, frame_of(**{name: value})], how="diagonal")

    with pytest.raises(UnwritableValue) as refused:
        csv_layout.render(frame, LAYOUT)

    assert (refused.value.field, refused.value.row) == (name, 0 if name not in good.columns and value is None else 1)


@pytest.mark.parametrize(
    "frame",
    [
        frame_of().drop("name"),
        frame_of().with_columns(other=pl.lit(1)),
        frame_of().with_columns(seq=pl.lit(1.0)),
        frame_of().with_columns(acquired_on=pl.lit("2026-04-01")),
        frame_of().with_columns(protection=pl.lit(1)),
        frame_of().with_columns(atena_no=pl.lit(12)),
    ],
)
def test_render_refuses_a_frame_of_another_shape(frame: pl.DataFrame) -> None:
    with pytest.raises(UnwritableFrame):
        csv_layout.render(frame, LAYOUT)


def test_all_codes_are_documented() -> None:
    sources = io.StringIO()
    for module in ("header", "reader", "rows", "values", "whole_file", "messages"):
        path = csv_layout.__file__.replace("__init__", module)
        with open(path, encoding="utf-8") as source:
            sources.write(source.read())

    missing = [code for code in PROBLEM_CODES if f'"{code}"' not in sources.getvalue()]

    assert not missing


# --- properties

PIECES = [*",\"\n\r\t =+-@;\\'#葛髙﨑𠮷あｱー０:", "\u3000", "\U000e0100", "\r\n", "\u0301", "\u2028", "\ufeff"]
UGLY = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
WRITABLE = UGLY.filter(lambda text: text == text.strip() != "")


@given(st.lists(st.tuples(WRITABLE, st.none() | WRITABLE), min_size=1, max_size=8), st.integers(16, 400))
def test_text_comes_back_as_it_was_written(texts: list[tuple[str, str | None]], block: int) -> None:
    layout = Layout(
        "ugly",
        "文字",
        "1.0",
        (Field("seq", "連番", Kind.INT), Field("a", "甲", Kind.TEXT), Field("b", "乙", Kind.TEXT, required=False)),
    )
    frame = pl.DataFrame(
        {"seq": range(len(texts)), "a": [a for a, _ in texts], "b": [b for _, b in texts]},
        schema={"seq": pl.Int64, "a": pl.String, "b": pl.String},
    )

    data = csv_layout.render(frame, layout)
    back, problems = csv_layout.parse(data, layout, block_bytes=block)

    assert not problems
    assert back.drop("line").equals(frame)
    assert back["line"].to_list() == physical_lines(data)


def physical_lines(data: bytes) -> list[int]:
    """Line on which each record of a well-formed file begins, the header left out."""
    begins, inside = [1], False
    for line, text in enumerate(data.decode().split("\n")[:-1], start=1):
        inside ^= text.count('"') % 2 == 1
        if not inside:
            begins.append(line + 1)
    return begins[1:-1]


PLAIN_ROWS = [row(連番=str(n), 備考="ab" if n % 3 else "", 金額=str(n)) for n in range(1, 13)]


@given(
    at=st.integers(0, 10_000),
    gone=st.integers(0, 40),
    put=st.binary(max_size=12) | st.sampled_from([b'"', b',"', b'",', b"\n", b"\r\n", b'"\n"', b"\0", b",,", b"\xe3"]),
    block=st.sampled_from([64, 300, 1 << 20]),
)
@example(at=0, gone=0, put=b'"', block=64)
def test_damage_in_one_place_never_raises_and_never_loses_another_row(
    at: int, gone: int, put: bytes, block: int
) -> None:
    lines = [HEADER, *PLAIN_ROWS]
    body = len((HEADER + "\n").encode())
    data = "".join(line + "\n" for line in lines).encode()
    at = body + at % (len(data) - body)
    damaged = data[:at] + put + data[at + gone :]

    frame, problems = csv_layout.parse(damaged, LAYOUT, block_bytes=block)

    told = {p.line for p in problems if p.line is not None}
    # an edit that leaves both numbers of a row whole may still change the row itself; all rows beyond it must be there
    before, after = data[:at].count(b"\n"), data[at + gone :].count(b"\n")
    shift = damaged.count(b"\n") - data.count(b"\n")
    untouched = [*range(2, before + 1), *range(len(lines) - after + 2 + shift, len(lines) + shift + 1)]
    missing = [n for n in untouched if n not in told and n not in set(frame["line"].to_list())]
    assert not missing
    same = {n: n - 1 for n in range(2, before + 1)}
    seqs = dict(zip(frame["line"].to_list(), frame["seq"].to_list(), strict=True))
    assert all(seqs[n] == seq for n, seq in same.items() if n in seqs)


@given(st.binary(max_size=600))
def test_any_bytes_after_a_header_never_raise(tail: bytes) -> None:
    frame, problems = read(HEADER.encode() + b"\n" + tail)

    assert frame.schema == LAYOUT.schema
    assert problems or frame.height


@given(st.binary(max_size=300))
def test_any_bytes_never_raise(data: bytes) -> None:
    frame, problems = read(data)

    assert frame.is_empty()
    assert is_fatal(problems)


@given(
    st.lists(
        st.sampled_from(["1,2", '"a","b"', '"a\nb",c', '"a', 'a"b,c', "x", "", '"a""b",""', '"",""', '"a"b,c']),
        max_size=12,
    ),
    st.integers(1, 40),
)
def test_every_line_is_in_a_row_or_told(lines: list[str], block: int) -> None:
    layout = Layout(
        "two", "二列", "1.0", (Field("a", "甲", Kind.TEXT, required=False), Field("b", "乙", Kind.TEXT, required=False))
    )
    data = "".join(line + "\n" for line in ["甲,乙", *lines]).encode()

    frame, problems = csv_layout.parse(data, layout, block_bytes=block)

    covered = {p.line for p in problems if p.line is not None}
    for line, a, b in frame.iter_rows():
        covered |= set(range(line, line + 1 + ((a or "") + (b or "")).count("\n")))
    assert covered >= set(range(2, data.count(b"\n") + 1))
    assert frame.equals(csv_layout.parse(data, layout)[0])
    assert problems == csv_layout.parse(data, layout)[1]
