"""ゆうちょ銀行: 記号番号 → the account of transfers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasuke.formats import bank_master
from tasuke.formats.yucho import YuchoAccount, YuchoNumberError, to_transfer_account


@pytest.mark.parametrize(
    ("symbol", "number", "account"),
    [
        ("10530", "12345671", YuchoAccount("058", "1", "1234567")),
        ("11940", "1234561", YuchoAccount("198", "1", "0123456")),
        ("01940", "123456", YuchoAccount("199", "2", "0123456")),
        ("01940-1", "123456", YuchoAccount("199", "2", "0123456")),
        ("１０５３０", "１２３４５６７１", YuchoAccount("058", "1", "1234567")),
        ("1053 0", "1234-5671", YuchoAccount("058", "1", "1234567")),
        ("10530", "11", YuchoAccount("058", "1", "0000001")),
    ],
)
def test_to_transfer_account(symbol: str, number: str, account: YuchoAccount) -> None:
    assert to_transfer_account(symbol, number) == account


def test_the_branch_is_named_by_its_digits() -> None:
    assert to_transfer_account("10530", "12345671").branch_name == "〇五八"


@pytest.mark.parametrize(
    ("symbol", "number", "field"),
    [
        ("1053", "12345671", "記号"),
        ("20530", "12345671", "記号"),
        ("105301", "12345671", "記号"),
        ("", "12345671", "記号"),
        ("1053a", "12345671", "記号"),
        ("10530", "12345672", "番号"),
        ("10530", "1", "番号"),
        ("10530", "123456781", "番号"),
        ("01940", "1234567", "番号"),
        ("10530", "番号", "番号"),
    ],
)
def test_numbers_that_are_none(symbol: str, number: str, field: str) -> None:
    with pytest.raises(YuchoNumberError) as caught:
        to_transfer_account(symbol, number)
    assert caught.value.field == field


def test_with_a_master_the_branch_must_exist() -> None:
    master = bank_master.load()
    assert to_transfer_account("10530", "12345671", master=master).branch_code == "058"
    with pytest.raises(YuchoNumberError, match="009"):
        to_transfer_account("00000", "1", master=master)


@given(st.from_regex(r"[01][0-9]{4}", fullmatch=True), st.integers(1, 999_999))
def test_the_account_keeps_the_number(symbol: str, number: int) -> None:
    if symbol[0] == "1":
        account = to_transfer_account(symbol, f"{number}1")
        assert account.branch_code == symbol[1:3] + "8"
    else:
        account = to_transfer_account(symbol, str(number))
        assert account.branch_code == symbol[1:3] + "9"
    assert int(account.account_no) == number
    assert len(account.account_no) == 7
