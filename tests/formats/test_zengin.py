"""総合振込: the byte-exact vector, writing, and the way there and back."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasuke.formats import zengin
from tasuke.formats.zengin import Header, TransfersRejected, payments_csv
from tasuke.formats.zengin.layout import CHARACTERS, DATA, END, HEADER, TRAILER

HEADER_RECORD = Header(
    client_code="0000012345",
    client_name="ｻﾝﾌﾟﾙｼ ｶｲｹｲｶﾝﾘｼﾔ",
    pay_day="1130",
    bank_code="9999",
    bank_name="ﾃｽﾄｷﾞﾝｺｳ",
    branch_code="999",
    branch_name="ﾎﾝﾃﾝ",
    account_kind="1",
    account_no="9000001",
)
TRANSFERS = pl.DataFrame(
    {
        "bank_code": ["9900", "9900"],
        "bank_name": ["ﾕｳﾁﾖ", "ﾕｳﾁﾖ"],
        "branch_code": ["058", "019"],
        "branch_name": ["ｾﾞﾛｺﾞﾊﾁ", "ｾﾞﾛｲﾁｷﾕｳ"],
        "account_kind": ["1", "2"],
        "account_no": ["1234567", "0123456"],
        "holder": ["ｺｳﾉ ｲﾁﾛｳ", "ｺｳﾉ ｷﾖｳｺ"],
        "amount": [1_500, 12_345_678],
        "customer_code1": ["0000000001", "0000000002"],
    }
)
VECTOR = [
    "12100000012345ｻﾝﾌﾟﾙｼ·ｶｲｹｲｶﾝﾘｼﾔ························11309999ﾃｽﾄｷﾞﾝｺｳ·······999ﾎﾝﾃﾝ···········19000001·················",
    "29900ﾕｳﾁﾖ···········058ｾﾞﾛｺﾞﾊﾁ········000011234567ｺｳﾉ·ｲﾁﾛｳ······················00000015000000000000100000000007········",
    "29900ﾕｳﾁﾖ···········019ｾﾞﾛｲﾁｷﾕｳ·······000020123456ｺｳﾉ·ｷﾖｳｺ······················00123456780000000000200000000007········",
    "8000002000012347178" + "·" * 101,
    "9" + "·" * 119,
]


@pytest.mark.parametrize(
    ("separator", "size", "sha256"),
    [
        ("crlf", 610, "14d8e51d6e536ca22c89efcfe203fd619c2996aad0cf39abe4bdc8f4a36fd9f6"),
        ("none", 600, "827459403c7db61e286358587953d681a7bca62e52a00b56702c61ac35a6ca32"),
    ],
)
def test_render_is_byte_exact(separator: zengin.Separator, size: int, sha256: str) -> None:
    data = zengin.render(HEADER_RECORD, TRANSFERS, separator=separator)
    assert len(data) == size
    assert hashlib.sha256(data).hexdigest() == sha256
    between = "\r\n" if separator == "crlf" else ""
    assert data.decode("cp932") == "".join(line.replace("·", " ") + between for line in VECTOR)


def test_the_name_field_holds_the_expected_bytes() -> None:
    data = zengin.render(HEADER_RECORD, TRANSFERS, separator="none")
    assert data[120 + 50 : 120 + 58] == bytes.fromhex("ba b3 c9 20 b2 c1 db b3")


@pytest.mark.parametrize("separator", ["crlf", "none"])
def test_parse_reads_the_vector(separator: zengin.Separator) -> None:
    file, problems = zengin.parse(zengin.render(HEADER_RECORD, TRANSFERS, separator=separator))
    assert problems == []
    assert file is not None
    assert file.header == HEADER_RECORD
    assert (file.count, file.total) == (2, 12_347_178)
    assert file.transfers.columns == list(zengin.SCHEMA)
    assert file.transfers["line"].to_list() == [2, 3]
    assert file.transfers.select(TRANSFERS.columns).equals(TRANSFERS)


def test_layouts_cover_a_record_without_gaps() -> None:
    for fields in (HEADER, DATA, TRAILER, END):
        assert [f.offset for f in fields[1:]] == [f.end for f in fields[:-1]]
        assert fields[-1].end == 120


def test_optional_columns_may_be_missing_and_codes_lack_zeros() -> None:
    short = TRANSFERS.select("holder", "amount", bank_code=pl.lit("1"), branch_code=pl.lit("2")).with_columns(
        account_kind=pl.lit("4"), account_no=pl.lit("77"), edi=pl.lit(None, dtype=pl.String)
    )
    file, problems = zengin.parse(zengin.render(HEADER_RECORD, short))
    assert problems == []
    assert file is not None
    first = file.transfers.row(0, named=True)
    assert (first["bank_code"], first["branch_code"], first["account_no"]) == ("0001", "002", "0000077")
    assert (first["new_code"], first["customer_code1"], first["transfer_kind"]) == ("0", "0000000000", "7")


def test_edi_takes_the_place_of_the_customer_codes() -> None:
    with_edi = TRANSFERS.with_columns(edi=pl.Series(["ｻｦﾘ (1/2) \\100", None]))
    data = zengin.render(HEADER_RECORD, with_edi, separator="none")
    assert data[120 + 91 : 120 + 113] == "ｻｦﾘ (1/2) \\100".ljust(20).encode("cp932") + b"7Y"
    file, problems = zengin.parse(data)
    assert problems == []
    assert file is not None
    assert file.transfers["edi"].to_list() == ["ｻｦﾘ (1/2) \\100", None]
    assert file.transfers["customer_code1"].to_list() == [None, "0000000002"]
    assert zengin.render(file.header, file.transfers, separator="none") == data


def test_eof_mark_only_on_request() -> None:
    assert not zengin.render(HEADER_RECORD, TRANSFERS).endswith(b"\x1a")
    assert zengin.render(HEADER_RECORD, TRANSFERS, eof=True).endswith(b"\r\n\x1a")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("holder", "ｱ" * 31, "zengin.too_long"),
        ("holder", "山田", "zengin.character"),
        ("holder", "ｻｦﾘ", "zengin.character"),
        ("holder", "ｱ,ｲ", "zengin.character"),
        ("holder", "ｷｬ", "zengin.character"),
        ("holder", "ｱｰ", "zengin.character"),
        ("holder", "  ", "zengin.blank"),
        ("holder", None, "zengin.blank"),
        ("bank_code", "12345", "zengin.too_long"),
        ("bank_code", "12A4", "zengin.character"),
        ("bank_code", None, "zengin.blank"),
        ("branch_code", "", "zengin.blank"),
        ("bank_name", "ﾐｽﾞﾎﾐｽﾞﾎﾐｽﾞﾎﾐｽﾞﾎ", "zengin.too_long"),
        ("account_kind", "3", "zengin.account_kind"),
        ("account_no", "12345678", "zengin.too_long"),
        ("amount", 0, "zengin.amount"),
        ("amount", -1, "zengin.amount"),
        ("amount", 10_000_000_000, "zengin.amount"),
        ("amount", None, "zengin.amount"),
        ("new_code", "3", "zengin.new_code"),
        ("customer_code1", "12345678901", "zengin.too_long"),
        ("edi", "ｱ" * 21, "zengin.too_long"),
        ("edi", "ア", "zengin.character"),
    ],
)
def test_render_refuses_what_does_not_fit(column: str, value: str | int | None, code: str) -> None:
    bad = TRANSFERS.with_columns(
        pl.Series(column, [value, None if column == "edi" else "0" if column == "new_code" else TRANSFERS[column][1]])
    )
    with pytest.raises(TransfersRejected) as caught:
        zengin.render(HEADER_RECORD, bad)
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.problems[0].line == 1


def test_the_position_of_a_wrong_character_is_given() -> None:
    with pytest.raises(TransfersRejected) as caught:
        zengin.render(HEADER_RECORD, TRANSFERS.with_columns(holder=pl.lit("ｱｲ山")))
    assert [(p.line, p.column, p.field) for p in caught.value.problems] == [(1, 3, "受取人名"), (2, 3, "受取人名")]


def test_thirty_bytes_count_the_marks() -> None:
    fits = TRANSFERS.with_columns(holder=pl.lit("ｶﾞ" * 15))
    assert zengin.parse(zengin.render(HEADER_RECORD, fits))[1] == []
    with pytest.raises(TransfersRejected, match="濁点も1バイト"):
        zengin.render(HEADER_RECORD, TRANSFERS.with_columns(holder=pl.lit("ｱ" + "ｶﾞ" * 15)))


def test_wo_only_where_the_bank_takes_it() -> None:
    wo = TRANSFERS.with_columns(holder=pl.lit("ｻｦﾘ"))
    data = zengin.render(HEADER_RECORD, wo, allow_wo=True)
    file, problems = zengin.parse(data)
    assert [(p.code, p.severity.value) for p in problems] == [("zengin.wo", "warning")] * 2
    assert file is not None
    assert file.transfers["holder"].to_list() == ["ｻｦﾘ", "ｻｦﾘ"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_code": "12345678901"}, "zengin.too_long"),
        ({"client_name": "市"}, "zengin.character"),
        ({"client_name": " "}, "zengin.client_name"),
        ({"pay_day": ""}, "zengin.blank"),
        ({"account_kind": "4"}, "zengin.account_kind"),
        ({"business": "11"}, "zengin.business"),
        ({"code_kind": "1"}, "zengin.business"),
    ],
)
def test_render_refuses_a_wrong_header(change: dict[str, str], code: str) -> None:
    with pytest.raises(TransfersRejected) as caught:
        zengin.render(replace(HEADER_RECORD, **change), TRANSFERS)
    assert [p.code for p in caught.value.problems] == [code]


def test_render_refuses_an_empty_file_and_a_total_beyond_the_trailer() -> None:
    with pytest.raises(TransfersRejected, match="1件もありません"):
        zengin.render(HEADER_RECORD, TRANSFERS.head(0))
    rich = pl.concat([TRANSFERS.head(1)] * 101).with_columns(amount=pl.lit(9_999_999_999))
    with pytest.raises(TransfersRejected, match="合計金額"):
        zengin.render(HEADER_RECORD, rich)


def names(characters: str, length: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(characters), max_size=length).map(str.rstrip)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


ROWS = st.fixed_dictionaries(
    {
        "bank_code": digits(4),
        "bank_name": names(CHARACTERS["shop"], 15),
        "branch_code": digits(3),
        "branch_name": names(CHARACTERS["shop"], 15),
        "account_kind": st.sampled_from("1249"),
        "account_no": digits(7),
        "holder": names(CHARACTERS["name"], 30).filter(lambda s: s.strip() != ""),
        "amount": st.integers(1, 9_999_999_999),
        "new_code": st.sampled_from("012"),
        "customer_code1": digits(10),
        "customer_code2": digits(10),
        "edi": st.one_of(st.none(), names(CHARACTERS["edi"], 20)),
        "transfer_kind": st.sampled_from("78"),
    }
)


@settings(max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=8), st.sampled_from(["crlf", "none"]))
def test_round_trip(rows: list[dict[str, str | int | None]], separator: zengin.Separator) -> None:
    schema = {name: dtype for name, dtype in zengin.SCHEMA.items() if name != "line"}
    transfers = pl.DataFrame(rows, schema=schema)
    data = zengin.render(HEADER_RECORD, transfers, separator=separator)
    assert {len(line) for line in data.split(b"\r\n") if line} <= {120, 120 * (len(rows) + 3)}
    file, problems = zengin.parse(data)
    assert problems == []
    assert file is not None
    coded = pl.when(pl.col("edi").is_null())
    wanted = transfers.with_columns(coded.then(pl.col(c)).alias(c) for c in ("customer_code1", "customer_code2"))
    assert file.transfers.drop("line").to_dicts() == wanted.to_dicts()
    assert zengin.render(file.header, file.transfers, separator=separator) == data


def test_a_large_file_takes_seconds() -> None:
    many = TRANSFERS.select(pl.all().gather(pl.int_range(0, 300_000) % 2)).with_columns(amount=pl.int_range(1, 300_001))
    started = time.perf_counter()
    data = zengin.render(HEADER_RECORD, many)
    file, problems = zengin.parse(data)
    took = time.perf_counter() - started
    assert problems == []
    assert file is not None
    assert (len(data), file.count, file.total) == (300_003 * 122, 300_000, 45_000_150_000)
    assert took < 20  # some 2 s when the machine is idle; the bound only catches a fall back to work per row


def test_the_page_shows_the_layout_in_force() -> None:
    page = (Path(__file__).parents[2] / "docs/interfaces/zengin.md").read_text(encoding="utf-8")
    for fields in (HEADER, DATA, TRAILER, END):
        for field in fields:
            assert f"| {field.label} | {field.kind} | {field.length} | {field.offset} |" in page
    for column in payments_csv.LAYOUT.fields:
        assert f"| {column.label} | {'○' if column.required else ''} |" in page
