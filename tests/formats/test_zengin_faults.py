"""Transfer files as they really come in: every fault has a name and a place."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.core.problems import Problem, Severity
from tasuke.formats import zengin
from tasuke.formats.zengin import Header

HEADER = Header(
    client_code="0000012345",
    client_name="ｻﾝﾌﾟﾙｼ",
    pay_day="1130",
    bank_code="9999",
    branch_code="999",
    account_kind="1",
    account_no="9000001",
)


def lines(count: int = 2) -> list[bytes]:
    """The records of a good file with payments of 100, 200, … yen."""
    transfers = pl.DataFrame({"amount": [100 * (n + 1) for n in range(count)]}).with_columns(
        bank_code=pl.lit("9900"),
        branch_code=pl.lit("058"),
        account_kind=pl.lit("1"),
        account_no=pl.lit("1234567"),
        holder=pl.lit("ｺｳﾉ ｲﾁﾛｳ"),
    )
    return zengin.render(HEADER, transfers).split(b"\r\n")[:-1]


def joined(records: list[bytes]) -> bytes:
    return b"".join(record + b"\r\n" for record in records)


def put(record: bytes, offset: int, text: bytes) -> bytes:
    return record[:offset] + text + record[offset + len(text) :]


def seen(problems: list[Problem]) -> list[tuple[str, int | None, int | None]]:
    return [(p.code, p.line, p.column) for p in problems]


@pytest.mark.parametrize(
    "data",
    [
        joined(lines()),
        joined(lines())[:-2],
        b"".join(lines()),
        joined(lines()) + b"\x1a",
        b"".join(lines()) + b"\x1a",
        joined(lines())[:-2] + b"\x1a",
    ],
    ids=["crlf", "no last crlf", "none", "crlf eof", "none eof", "no last crlf eof"],
)
def test_every_physical_form_is_read(data: bytes) -> None:
    file, problems = zengin.parse(data)
    assert problems == []
    assert file is not None
    assert (file.count, file.total) == (2, 300)


@pytest.mark.parametrize("separator", [b"\n", b"\r"])
def test_other_separators_are_read_with_a_warning(separator: bytes) -> None:
    file, problems = zengin.parse(separator.join(lines()) + separator)
    assert [(p.code, p.severity) for p in problems] == [("zengin.separator", Severity.WARNING)]
    assert file is not None
    assert file.count == 2


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"", "zengin.empty", "空"),
        (b"\r\n\x1a", "zengin.empty", "空"),
        (b"".join(lines())[:-1], "zengin.length", "倍数"),
        (b"hello\r\nworld\r\n", "zengin.length", "一つもありません"),
        (b"".join(lines()).decode("cp932").encode(), "zengin.encoding", "UTF-8"),
        (b"\xef\xbb\xbf" + joined(lines()), "zengin.encoding", "UTF-8"),
        (joined(lines()).decode("cp932").encode("utf-16"), "zengin.encoding", "UTF-16"),
        (b"\xf1\xf2\xf1\xf1" + b"\x40" * 116, "zengin.ebcdic", "EBCDIC"),
    ],
)
def test_what_is_no_transfer_file_is_named(data: bytes, code: str, message: str) -> None:
    file, problems = zengin.parse(data)
    assert file is None
    assert problems[-1].code == code
    assert message in problems[-1].message
    assert problems[-1].severity is Severity.FATAL


def test_code_1_is_refused_by_name() -> None:
    records = lines()
    records[0] = put(records[0], 3, b"1")
    file, problems = zengin.parse(joined(records))
    assert file is None
    assert seen(problems) == [("zengin.ebcdic", 1, 4)]
    assert "EBCDIC" in problems[0].message


def test_another_business_is_refused_by_name() -> None:
    records = lines()
    records[0] = put(records[0], 1, b"91")
    file, problems = zengin.parse(joined(records))
    assert file is None
    assert seen(problems) == [("zengin.business", 1, 2)]
    assert "口座振替" in problems[0].message


@pytest.mark.parametrize(
    ("offset", "text", "code", "column"),
    [
        (4, b"          ", "zengin.blank", 5),
        (54, b"1332", "zengin.pay_day", 55),
        (54, b"11 0", "zengin.not_digits", 57),
        (14, b"\x8a\x5c", "zengin.character", 15),
        (3, b"5", "zengin.code_kind", 4),
    ],
)
def test_a_bad_header_condemns_the_file(offset: int, text: bytes, code: str, column: int) -> None:
    records = lines()
    records[0] = put(records[0], offset, text)
    file, problems = zengin.parse(joined(records))
    assert file is None
    assert seen(problems) == [(code, 1, column)]
    assert problems[0].severity is Severity.FATAL


@pytest.mark.parametrize(
    ("offset", "text", "code", "column", "field"),
    [
        (1, b"99 0", "zengin.not_digits", 4, "被仕向銀行番号"),
        (1, b"    ", "zengin.blank", 2, "被仕向銀行番号"),
        (20, b"   ", "zengin.blank", 21, "被仕向支店番号"),
        (43, b"       ", "zengin.blank", 44, "口座番号"),
        (42, b"3", "zengin.account_kind", 43, "預金種目"),
        (80, b" " * 10, "zengin.blank", 81, "振込金額"),
        (80, b"0" * 10, "zengin.amount", 81, "振込金額"),
        (91, b" " * 10, "zengin.blank", 92, "顧客コード1"),
        (50, b" " * 30, "zengin.holder", 51, "受取人名"),
        (53, b"\xb0", "zengin.character", 54, "受取人名"),  # ｰ
        (53, b",", "zengin.character", 54, "受取人名"),
        (53, b"a", "zengin.character", 54, "受取人名"),
        (53, b"\xac", "zengin.character", 54, "受取人名"),  # ｬ
        (53, b"\x8e", "zengin.character", 54, "受取人名"),
        (115, b"\x00", "zengin.character", 116, "ダミー"),
    ],
)
def test_a_bad_payment_is_left_out_with_its_place(offset: int, text: bytes, code: str, column: int, field: str) -> None:
    records = lines(3)
    records[2] = put(records[2], offset, text)
    total = sum(int(r[80:90]) for r in records[1:4] if r[80:90].isdigit())
    records[4] = put(records[4], 7, b"%012d" % total)
    file, problems = zengin.parse(joined(records))
    assert seen(problems) == [(code, 3, column)]
    assert problems[0].field == field
    assert file is not None
    assert file.transfers["line"].to_list() == [2, 4]


@pytest.mark.parametrize(
    ("offset", "text"), [(38, b"    "), (111, b" "), (111, b"0"), (5, b"ABC"), (23, b"\xb1 \xb2"), (5, b" " * 15)]
)
def test_unused_fields_may_be_blank_or_filled(offset: int, text: bytes) -> None:
    records = lines()
    records[1] = put(records[1], offset, text)
    file, problems = zengin.parse(joined(records))
    assert problems == []
    assert file is not None
    assert file.count == 2


@pytest.mark.parametrize(
    ("offset", "text", "code"),
    [(5, b"\xb0", "zengin.character"), (112, b"A", "zengin.identification"), (90, b"7", "zengin.new_code")],
)
def test_oddities_that_only_warn(offset: int, text: bytes, code: str) -> None:
    records = lines()
    records[1] = put(records[1], offset, text)
    file, problems = zengin.parse(joined(records))
    assert [(p.code, p.severity) for p in problems] == [(code, Severity.WARNING)]
    assert file is not None
    assert file.count == 2


@pytest.mark.parametrize(
    ("offset", "text", "code", "message"),
    [
        (1, b"000003", "zengin.count", "合計件数(3)がデータレコードの集計(2)"),
        (7, b"000000000299", "zengin.total", "合計金額(299)がデータレコードの集計(300)"),
        (1, b"      ", "zengin.blank", "空白"),
        (7, b"00000000030x", "zengin.not_digits", "数字でない"),
    ],
)
def test_a_trailer_that_does_not_agree_condemns_the_file(offset: int, text: bytes, code: str, message: str) -> None:
    records = lines()
    records[3] = put(records[3], offset, text)
    file, problems = zengin.parse(joined(records))
    assert file is None
    assert [(p.code, p.line, p.severity) for p in problems] == [(code, 4, Severity.FATAL)]
    assert message in problems[0].message


def test_a_record_of_wrong_length_is_named_and_the_totals_tell() -> None:
    records = lines()
    records[2] = records[2][:-1]
    file, problems = zengin.parse(joined(records))
    assert file is None
    assert [(p.code, p.line) for p in problems] == [("zengin.length", 3), ("zengin.count", 4), ("zengin.total", 4)]
    assert "119バイト" in problems[0].message


def test_an_unknown_kind_is_named() -> None:
    records = lines()
    records.insert(2, put(records[1], 0, b"5"))
    file, problems = zengin.parse(joined(records))
    assert seen(problems) == [("zengin.kind", 3, 1)]
    assert file is not None
    assert file.transfers["line"].to_list() == [2, 4]


def order(text: str) -> bytes:
    """A file whose records come in the given order of kinds."""
    records = {"1": lines()[0], "2": lines()[1], "8": put(lines()[3], 1, b"000001000000000100"), "9": lines()[4]}
    return joined([records[kind] for kind in text])


@pytest.mark.parametrize(
    ("kinds", "code", "line", "message"),
    [
        ("2189", "zengin.order", 1, "ヘッダーより前にデータ"),
        ("1218", "zengin.order", 3, "トレーラーより前にヘッダー"),
        ("129", "zengin.order", 3, "トレーラーより前にエンド"),
        ("12", "zengin.no_end", 2, "エンドレコードがありません"),
        ("128", "zengin.no_end", 3, "エンドレコードがありません"),
        ("89", "zengin.order", 1, "ヘッダーのないトレーラー"),
        ("9", "zengin.order", 1, "組がありません"),
        ("12892", "zengin.order", 5, "エンドレコードの後"),
        ("12899", "zengin.order", 5, "エンドレコードの後"),
        ("12829", "zengin.order", 4, "ヘッダーより前にデータ"),
        ("128289", "zengin.order", 4, "ヘッダーより前にデータ"),
        ("2", "zengin.no_end", 1, "エンドレコードがありません"),
    ],
)
def test_records_in_the_wrong_order(kinds: str, code: str, line: int, message: str) -> None:
    files, problems = zengin.parse_files(order(kinds))
    assert files == []
    assert (problems[0].code, problems[0].line) == (code, line)
    assert message in problems[0].message
    assert problems[0].severity is Severity.FATAL


def test_several_pairs_in_one_file() -> None:
    data = order("1281289")
    files, problems = zengin.parse_files(data)
    assert problems == []
    assert [f.header.line for f in files] == [1, 4]
    assert [f.transfers["line"].to_list() for f in files] == [[2], [5]]
    one, problems = zengin.parse(data)
    assert one is None
    assert [p.code for p in problems] == ["zengin.several"]


def test_one_bad_pair_leaves_the_other() -> None:
    records = order("1281289").split(b"\r\n")[:-1]
    records[2] = put(records[2], 1, b"000009")
    files, problems = zengin.parse_files(joined(records))
    assert [p.code for p in problems] == ["zengin.count"]
    assert [f.header.line for f in files] == [4]


@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    files, problems = zengin.parse_files(data)
    assert files or problems


@given(st.data())
def test_any_damage_is_found_or_harmless(data: st.DataObject) -> None:
    """One byte changed: the file is still read, or a problem says why not; nothing raises."""
    good = joined(lines())
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255))
    file, problems = zengin.parse(good[:at] + bytes([byte]) + good[at + 1 :])
    if file is None or file.count != 2:
        assert problems
