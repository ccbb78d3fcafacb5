"""Check digits: worked examples with their sources, and python-stdnum as a second opinion."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.jp import cn, in_

from tasuke.core.numbers import (
    CannotNumber,
    NumberKind,
    append_weight21_expr,
    atena_check_digit,
    check_number,
    corporate_check_digit,
    is_synthetic_my_number,
    municipality_check_digit,
    my_number_check_digit,
    prefecture_expr,
    synthetic_my_number,
    weight21_check_digit,
    weight21_ok_expr,
    with_check_digit,
)
from tasuke.core.problems import Severity


def bodies(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("0613048", 8),  # 保険者番号等の設定要領 第1
        ("3312001", 5),
        ("1234567", 4),
        ("13805", 7),  # 国保, 6 digits
        ("5401602", 7),  # 公費負担者番号
        ("8113624", 4),  # 八王子市: マル親, マル乳, マル子, マル青 as the city prints them
        ("8113724", 2),
        ("8813824", 3),
        ("8813124", 8),
        ("8913124", 7),
        ("341071236", 2),  # 医療機関コード, 設定要領 第4
    ],
)
def test_weight21_examples(body: str, digit: int) -> None:
    assert weight21_check_digit(body) == digit


@pytest.mark.parametrize(
    ("kind", "value", "parts"),
    [
        (NumberKind.INSURER, "06130488", {"law": "06", "prefecture": "13", "body": "048", "check_digit": "8"}),
        (NumberKind.INSURER, "33120015", {"law": "33", "prefecture": "12", "body": "001", "check_digit": "5"}),
        (NumberKind.INSURER, "12345674", {"law": "12", "prefecture": "34", "body": "567", "check_digit": "4"}),
        (NumberKind.INSURER, "138057", {"prefecture": "13", "body": "805", "check_digit": "7"}),
        (NumberKind.INSURER, "  138057", {"prefecture": "13", "body": "805", "check_digit": "7"}),
        (NumberKind.INSURER, "00138057", {"law": "", "prefecture": "13", "body": "805", "check_digit": "7"}),
        (NumberKind.PAYER, "54016027", {"law": "54", "prefecture": "01", "body": "602", "check_digit": "7"}),
        (NumberKind.PAYER, "５４０１６０２７", {"law": "54", "prefecture": "01", "body": "602", "check_digit": "7"}),
        (
            NumberKind.INSTITUTION,
            "3410712362",
            {"prefecture": "34", "fee_table": "1", "area": "07", "number": "1236", "check_digit": "2"},
        ),
        (NumberKind.MY_NUMBER, "621498320257", {}),  # python-stdnum's documentation
        (NumberKind.CORPORATE, "7123456789012", {"check_digit": "7", "base": "123456789012"}),  # 国税庁
        (NumberKind.CORPORATE, "5835678256246", {"check_digit": "5", "base": "835678256246"}),
        (NumberKind.MUNICIPALITY, "010006", {"prefecture": "01", "municipality": "000", "check_digit": "6"}),
        (NumberKind.MUNICIPALITY, "131016", {"prefecture": "13", "municipality": "101", "check_digit": "6"}),
        (NumberKind.MUNICIPALITY, "131041", {"prefecture": "13", "municipality": "104", "check_digit": "1"}),
        (NumberKind.CARE_INSURER, "131016", {}),
        (NumberKind.CARE_INSURED, "0000000001", {}),
        (NumberKind.POSTAL_CODE, "〒060-8611", {}),
    ],
)
def test_good_numbers(kind: NumberKind, value: str, parts: dict[str, str]) -> None:
    result = check_number(kind, value)
    assert result.valid
    assert result.problems == ()
    assert result.parts == parts


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (NumberKind.INSURER, "06130489", "number.check_digit"),
        (NumberKind.INSURER, "0613048", "number.length"),
        (NumberKind.INSURER, "06-13048", "number.not_digits"),
        (NumberKind.INSURER, "", "number.not_digits"),
        (NumberKind.INSURER, "0613048²", "number.check_digit"),  # NFKC makes it a 2: a digit, but the wrong one
        (NumberKind.PAYER, "54016028", "number.check_digit"),
        (NumberKind.RECIPIENT, "123456", "number.length"),
        (NumberKind.MY_NUMBER, "123456789012", "number.check_digit"),  # the number on the sample card
        (NumberKind.CORPORATE, "1123456789012", "number.check_digit"),
        (NumberKind.MUNICIPALITY, "131040", "number.check_digit"),
        (NumberKind.POSTAL_CODE, "060861", "number.length"),
    ],
)
def test_bad_numbers(kind: NumberKind, value: str, code: str) -> None:
    result = check_number(kind, value)
    assert not result.valid
    assert [p.code for p in result.problems] == [code]


def test_prefecture_of_an_insurer() -> None:
    assert check_number(NumberKind.INSURER, with_check_digit(NumberKind.INSURER, "0697001")).valid  # 47 + 50
    for prefecture in ("00", "48", "50", "98"):
        result = check_number(NumberKind.INSURER, with_check_digit(NumberKind.INSURER, f"06{prefecture}001"))
        assert [p.code for p in result.problems] == ["number.prefecture"]


def test_an_institution_is_warned_about_but_never_rejected() -> None:
    result = check_number(NumberKind.INSTITUTION, "3410712363")
    assert result.valid
    assert [(p.code, p.severity) for p in result.problems] == [("number.check_digit", Severity.WARNING)]
    odd = check_number(NumberKind.INSTITUTION, with_check_digit(NumberKind.INSTITUTION, "342071236"))
    assert odd.valid
    assert [p.code for p in odd.problems] == ["number.fee_table"]


def test_a_resident_code_gets_at_most_a_warning() -> None:
    results = [check_number(NumberKind.RESIDENT_CODE, f"9990000000{digit}") for digit in range(10)]
    assert all(r.valid for r in results)
    assert sum(1 for r in results if not r.problems) == 1


def test_my_number_is_never_shown() -> None:
    for value in ("621498320257", "621498320250", "62149832025"):
        result = check_number(NumberKind.MY_NUMBER, value)
        shown = f"{result!r} {result} {result.problems!r}"
        assert value[:6] not in shown


def test_atena_m11w27() -> None:
    # 1×7 + 2×6 + 3×5 + 4×4 + 5×3 + 6×2 = 77, remainder 0 → 0
    assert atena_check_digit("123456") == 0
    assert check_number(NumberKind.ATENA, "1234560").problems == ()
    # an old number that came in by migration keeps its right to exist
    old = check_number(NumberKind.ATENA, "1234567")
    assert old.valid
    assert old.problems[0].severity is Severity.WARNING


def test_atena_with_remainder_one_is_skipped_when_numbering() -> None:
    assert atena_check_digit("000006") is None
    with pytest.raises(CannotNumber, match="次の番号"):
        with_check_digit(NumberKind.ATENA, "000006")
    assert check_number(NumberKind.ATENA, "0000060").valid


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (NumberKind.RESIDENT_CODE, "9990000000"),
        (NumberKind.CARE_INSURED, "000000000"),
        (NumberKind.RECIPIENT, "12345"),
        (NumberKind.RECIPIENT, "12345x"),
    ],
)
def test_with_check_digit_refuses(kind: NumberKind, body: str) -> None:
    with pytest.raises(CannotNumber):
        with_check_digit(kind, body)


@pytest.mark.parametrize(
    "digit", [weight21_check_digit, my_number_check_digit, corporate_check_digit, municipality_check_digit]
)
@pytest.mark.parametrize("body", ["", "12a", "１２"])
def test_check_digits_want_digits(digit: object, body: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        digit(body)  # type: ignore[operator]


@given(bodies(11))
def test_my_number_agrees_with_stdnum(body: str) -> None:
    assert str(my_number_check_digit(body)) == in_.calc_check_digit(body)


@given(bodies(12))
def test_corporate_agrees_with_stdnum(body: str) -> None:
    assert str(corporate_check_digit(body)) == cn.calc_check_digit(body)


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        (NumberKind.RECIPIENT, 6),
        (NumberKind.MY_NUMBER, 11),
        (NumberKind.CORPORATE, 12),
    ],
)
@given(st.data())
def test_a_made_number_checks_and_one_wrong_digit_does_not(kind: NumberKind, length: int, data: st.DataObject) -> None:
    body = data.draw(bodies(length))
    number = with_check_digit(kind, body)
    assert check_number(kind, number).valid
    at = 0 if kind is NumberKind.CORPORATE else len(number) - 1
    other = number[:at] + str((int(number[at]) + data.draw(st.integers(1, 9))) % 10) + number[at + 1 :]
    assert not check_number(kind, other).valid


@given(st.lists(st.one_of(bodies(7), st.text("0123456789 x１", max_size=9), st.none()), max_size=30))
def test_weight21_ok_expr_agrees(values: list[str | None]) -> None:
    frame = pl.DataFrame({"v": values}, schema={"v": pl.String})
    got = frame.select(ok=weight21_ok_expr(pl.col("v"), 7))["ok"].to_list()
    assert got == [None if v is None else _weight21_ok(v) for v in values]


def _weight21_ok(value: str) -> bool:
    fits = len(value) == 7 and value.isascii() and value.isdigit()
    return fits and weight21_check_digit(value[:-1]) == int(value[-1])


@given(st.lists(bodies(6), min_size=1, max_size=30))
def test_append_weight21_expr_agrees(values: list[str]) -> None:
    frame = pl.DataFrame({"v": values}, schema={"v": pl.String})
    got = frame.select(n=append_weight21_expr(pl.col("v"), 7))["n"].to_list()
    assert got == [with_check_digit(NumberKind.RECIPIENT, v) for v in values]


def test_append_weight21_expr_of_a_wrong_body_is_null() -> None:
    frame = pl.DataFrame({"v": ["12345", "1234567", "12345x", None, "000000"]})
    got = frame.select(n=append_weight21_expr(pl.col("v"), 7))["n"].to_list()
    assert got == [None, None, None, None, "0000000"]


@given(bodies(11))
def test_a_synthetic_my_number_is_recognised_and_is_never_a_valid_one(body: str) -> None:
    made = synthetic_my_number(body)
    assert is_synthetic_my_number(made)
    assert not check_number(NumberKind.MY_NUMBER, made).valid
    assert not is_synthetic_my_number(with_check_digit(NumberKind.MY_NUMBER, body))


def test_a_prefecture_whose_numbers_ran_out_goes_on_with_fifty_more() -> None:
    numbers = pl.DataFrame(
        {"n": ["1410000011", "6410000016", "0112345", "51", "4712", "9712", "9812", "50", "", "x1", None]}
    )
    found = numbers.select(prefecture_expr(pl.col("n"))).to_series().to_list()
    assert found == ["14", "14", "01", "01", "47", "47", "98", "50", "", "x1", None]
