"""What must hold on the pay day: codes that exist, a day on which banks work."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from tasuke.core.problems import Problem
from tasuke.formats import bank_master, zengin
from tasuke.formats.zengin import Header, payments_csv

PAY_DAY = date(2026, 11, 30)
HEADER = Header(
    client_code="0000012345",
    client_name="ｻﾝﾌﾟﾙｼ",
    pay_day="1130",
    bank_code="0001",
    branch_code="001",
    account_kind="1",
    account_no="9000001",
)
TRANSFERS = pl.DataFrame(
    {
        "bank_code": ["9900", "9900", "9900", "9999"],
        "branch_code": ["058", "019", "009", "999"],
        "account_kind": ["1"] * 4,
        "account_no": ["1234567"] * 4,
        "holder": ["ｺｳﾉ ｲﾁﾛｳ"] * 4,
        "amount": [1, 2, 3, 4],
    }
)


def seen(problems: list[Problem]) -> list[tuple[str, int | None, str | None]]:
    return [(p.code, p.line, p.field) for p in problems]


def test_banks_and_branches_must_exist() -> None:
    problems = zengin.validate(HEADER, TRANSFERS, bank_master.load(), PAY_DAY)
    assert seen(problems) == [("zengin.bank", 4, "被仕向銀行番号"), ("zengin.branch", 3, "被仕向支店番号")]
    assert problems[1].value == "9900-009"


def test_the_paying_branch_must_exist() -> None:
    header = replace(HEADER, bank_code="9999")
    problems = zengin.validate(header, TRANSFERS.head(2), bank_master.load(), PAY_DAY)
    assert seen(problems) == [("zengin.bank", None, "仕向銀行番号")]


def test_without_a_master_codes_are_not_looked_up() -> None:
    assert zengin.validate(HEADER, TRANSFERS, None, PAY_DAY) == []


def test_codes_without_leading_zeros_are_found() -> None:
    short = TRANSFERS.head(1).with_columns(bank_code=pl.lit("1"), branch_code=pl.lit("1"))
    assert zengin.validate(HEADER, short, bank_master.load(), PAY_DAY) == []


def test_the_master_of_the_pay_day_counts() -> None:
    closed = bank_master.load().with_columns(
        valid_from=pl.lit(date(2000, 1, 1)),
        valid_to=pl.when((pl.col("bank_code") == "9900") & (pl.col("branch_code") == "019")).then(pl.lit(PAY_DAY)),
    )
    assert seen(zengin.validate(HEADER, TRANSFERS.head(2), closed, PAY_DAY)) == [("zengin.branch", 2, "被仕向支店番号")]
    before = replace(HEADER, pay_day="1127")
    assert zengin.validate(before, TRANSFERS.head(2), closed, date(2026, 11, 27)) == []


def test_the_pay_day_must_be_that_of_the_header_and_a_business_day() -> None:
    problems = zengin.validate(HEADER, TRANSFERS, None, date(2026, 12, 31))
    assert [p.code for p in problems] == ["zengin.pay_day", "zengin.holiday"]
    assert "令和8年12月31日" in problems[1].message


def test_validate_reports_every_fault_of_form() -> None:
    bad = TRANSFERS.with_columns(holder=pl.Series(["山", "ｱ", "ｱ", "ｱ"]), amount=pl.Series([1, 0, 3, 4]))
    problems = zengin.validate(HEADER, bad, None, PAY_DAY)
    assert seen(problems) == [("zengin.character", 1, "受取人名"), ("zengin.amount", 2, "振込金額")]


CSV_HEAD = ",".join(field.label for field in payments_csv.LAYOUT.fields)


def csv(*rows: str) -> bytes:
    return "\r\n".join([CSV_HEAD, *rows, ""]).encode()


CLIENT = "0000012345,サンプルシ,2026-11-30,0001,001,1,9000001"


def test_payments_csv_becomes_header_and_transfers() -> None:
    file, frame, problems = payments_csv.parse(
        csv(
            f"{CLIENT},9900,058,1,1234567,コウノ　イチロウ,1500,,1,,", f"{CLIENT},9900,019,2,0123456,ｺｳﾉ ｷｮｳｺ,2000,1,,,"
        )
    )
    assert problems == []
    assert file is not None
    assert file.header == HEADER
    assert frame["pay_day"].to_list() == [PAY_DAY, PAY_DAY]
    assert file.transfers["holder"].to_list() == ["ｺｳﾉ ｲﾁﾛｳ", "ｺｳﾉ ｷﾖｳｺ"]
    named = payments_csv.with_bank_names(file, bank_master.load())
    assert (named.header.bank_name, named.header.branch_name) == ("ﾐｽﾞﾎ", "ﾄｳｷﾖｳ")
    assert named.transfers["branch_name"].to_list() == ["ｾﾞﾛｺﾞﾊﾁ", "ｾﾞﾛｲﾁｷﾕｳ"]
    back, problems = zengin.parse(zengin.render(named.header, named.transfers))
    assert problems == []
    assert back is not None
    assert back.transfers["amount"].to_list() == [1500, 2000]


def test_payments_csv_leaves_bad_names_out() -> None:
    good, bad = f"{CLIENT},9900,058,1,1234567,ア,1,,,,", f"{CLIENT},9900,058,1,1234567,河野,1,,,,"
    file, _, problems = payments_csv.parse(csv(good, bad))
    assert seen(problems) == [("zengin.character", 3, "受取人名")]
    assert file is not None
    assert file.count == 1


@pytest.mark.parametrize("other", ["0000012346,サンプルシ", "0000012345,サンプル"])
def test_payments_csv_wants_one_paying_account(other: str) -> None:
    row = ",9900,058,1,1234567,ア,1,,,,"
    file, _, problems = payments_csv.parse(csv(CLIENT + row, CLIENT.replace("0000012345,サンプルシ", other) + row))
    assert file is None
    assert [(p.code, p.line) for p in problems] == [("zengin.client", 3)]


def test_payments_csv_with_a_client_name_in_kanji() -> None:
    row = f"{CLIENT},9900,058,1,1234567,ア,1,,,,".replace("サンプルシ", "札幌市")
    file, _, problems = payments_csv.parse(csv(row))
    assert file is None
    assert seen(problems) == [("zengin.character", 2, "振込依頼人名")]


def test_payments_csv_without_rows() -> None:
    file, _, _ = payments_csv.parse(csv())
    assert file is None
