"""Numbers with check digits: insurers, 公費 payers and recipients, institutions, 個人番号, 法人番号, 団体コード.

Each kind is one row of `_RULES`: digits, structure, how the check digit is made, and whether a wrong check digit
rejects the number or only warns. Worked examples and their sources stand in the tests.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle
from operator import mul

import polars as pl

from tasuke.core.problems import Problem, Severity


class NumberKind(StrEnum):
    """What a number identifies."""

    INSURER = "insurer_no"
    PAYER = "payer_no"
    RECIPIENT = "recipient_no"
    INSTITUTION = "institution_no"
    MY_NUMBER = "my_number"
    CORPORATE = "corporate_no"
    MUNICIPALITY = "municipality_code"
    ATENA = "atena_no"
    RESIDENT_CODE = "resident_code"
    CARE_INSURER = "care_insurer_no"
    CARE_INSURED = "care_insured_no"
    CARE_OFFICE = "care_office_no"
    POSTAL_CODE = "postal_code"


class CannotNumber(ValueError):
    """No check digit can be put to this body."""

    def __init__(self, kind: NumberKind, reason: str) -> None:
        super().__init__(f"{_RULES[kind].label}: {reason}")
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """What a check found. `valid`: may be used; `problems` may still hold warnings. `parts` names the pieces.

    The representation hides the digits of a 個人番号, so that it never reaches a log.
    """

    kind: NumberKind
    valid: bool
    value: str = field(repr=False)
    body: str = field(repr=False)
    check_digit: str = field(repr=False)
    problems: tuple[Problem, ...] = ()
    parts: dict[str, str] = field(default_factory=dict, repr=False)
    note: str | None = None

    def __str__(self) -> str:
        hidden = _RULES[self.kind].secret
        return f"{self.kind.value}({'*' * len(self.value) if hidden else self.value}, valid={self.valid})"


def check_number(kind: NumberKind, value: str) -> NumberCheck:
    """Check one number. Blanks around it and full-width digits are accepted (a clerk types them); nothing raises."""
    rule = _RULES[kind]
    plain = _plain(kind, value)
    shown = None if rule.secret else value
    if not re.fullmatch(r"[0-9]+", plain):
        problem = Problem("number.not_digits", "数字だけで入力してください", field=rule.label, value=shown)
        return NumberCheck(kind, False, plain, "", "", (problem,))
    if len(plain) not in rule.lengths:
        wanted = f"{rule.lengths[0]}桁" if len(rule.lengths) == 1 else rule.length_text
        message = f"{wanted}の数字です({len(plain)}桁入っています)"
        problem = Problem("number.length", message, field=rule.label, value=shown)
        return NumberCheck(kind, False, plain, "", "", (problem,))
    body, digit = rule.split(plain)
    problems = [*_check_problems(rule, body, digit, shown), *_part_problems(rule, plain, shown)]
    valid = not any(p.severity is Severity.ERROR for p in problems)
    return NumberCheck(kind, valid, plain, body, digit, tuple(problems), _parts(rule, plain), rule.note)


def weight21_check_digit(body: str) -> int:
    """検証番号: weights 2,1,2,1… from the right, digits of the products summed, 10 minus the last digit.

    保険者番号等の設定要領. Raises ValueError unless the body consists of digits.
    """
    _require_digits(body)
    total = 0
    for place, char in enumerate(reversed(body)):
        product = int(char) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return (10 - total % 10) % 10


def my_number_check_digit(body: str) -> int:
    """個人番号: 11 digits, weights 6 5 4 3 2 7 6 5 4 3 2, modulus 11 (平成26年総務省令85号5条). 0 and 1 give 0."""
    return _modulus11(body, low=0)


def synthetic_my_number(body: str) -> str:
    """Twelve digits shaped like a 個人番号 that can be nobody's: the check digit is the right one plus 5 (mod 10)."""
    return f"{body}{(my_number_check_digit(body) + 5) % 10}"


def is_synthetic_my_number(value: str) -> bool:
    """Whether the value was made by `synthetic_my_number`. A fictitious city takes these alone, a real one never."""
    return len(value) == 12 and value.isascii() and value.isdigit() and synthetic_my_number(value[:11]) == value


def corporate_check_digit(body: str) -> int:
    """法人番号: 12 digits, weights 1,2,1,2… from the right, 9 minus the remainder by 9: 1-9 (平成26年財務省令70号)."""
    _require_digits(body)
    total = sum(int(char) * (1 + place % 2) for place, char in enumerate(reversed(body)))
    return 9 - total % 9


def municipality_check_digit(body: str) -> int:
    """全国地方公共団体コード: 5 digits, weights 6 5 4 3 2, the last digit of (11 - remainder by 11). ValueError."""
    _require_digits(body)
    total = sum(int(char) * weight for char, weight in zip(reversed(body), range(2, 2 + len(body)), strict=True))
    return (11 - total % 11) % 10


def atena_check_digit(body: str) -> int | None:
    """住登外者宛名番号: M11W2-7, remainder 0 gives 0 (JUKI 1.1.13). None at remainder 1, which no source settles."""
    remainder = _remainder11(body)
    return None if remainder == 1 else (11 - remainder) % 11


def with_check_digit(kind: NumberKind, body: str) -> str:
    """The whole number for a body. Raises CannotNumber: wrong body, kind without check digit, or none possible."""
    rule = _RULES[kind]
    if rule.check is None or rule.check_unconfirmed:
        raise CannotNumber(kind, "検査数字の決まりが確かでないため付けられません")
    if not re.fullmatch(r"[0-9]+", body) or len(body) + 1 not in rule.lengths:
        raise CannotNumber(kind, f"検査数字を除いた桁数が違います({len(body)}桁)")
    digit = rule.check(body)
    if digit is None:
        raise CannotNumber(kind, "この番号には検査数字を付けられません(剰余1)。次の番号を使ってください")
    return f"{digit}{body}" if rule.check_first else f"{body}{digit}"


def weight21_ok_expr(col: pl.Expr, length: int) -> pl.Expr:
    """Whether a text column holds exactly `length` digits with a right 検証番号 at the end (Boolean; null stays)."""
    fits = col.str.contains(rf"^[0-9]{{{length}}}$")
    number = pl.when(fits).then(col).cast(pl.Int64, strict=False)
    return pl.when(fits).then(_weight21_digit_expr(number // 10, length - 1) == number % 10).otherwise(fits)


def append_weight21_expr(body: pl.Expr, length: int) -> pl.Expr:
    """Numbers of `length` digits in all, from a text column of bodies of `length` - 1 digits (null where not so)."""
    fits = body.str.contains(rf"^[0-9]{{{length - 1}}}$")
    text = pl.when(fits).then(body)
    digit = _weight21_digit_expr(text.cast(pl.Int64, strict=False), length - 1)
    return text + digit.cast(pl.String)


def prefecture_expr(number: pl.Expr) -> pl.Expr:
    """The 都道府県番号 (01-47) in the first two digits of a text column. 51-97 stand for the same prefectures.

    Numbers of a prefecture that ran out go on with its number plus 50 (保険者番号等の設定要領).
    """
    head = number.str.slice(0, 2)
    second = head.cast(pl.Int64, strict=False) - 50
    return pl.when(second.is_between(1, 47)).then(second.cast(pl.String).str.zfill(2)).otherwise(head)


def _weight21_digit_expr(body: pl.Expr, digits: int) -> pl.Expr:
    total = pl.lit(0, dtype=pl.Int64)
    for place in range(digits):
        char = body // 10**place % 10
        total = total + (char * 2 - 9 * (char > 4).cast(pl.Int64) if place % 2 == 0 else char)
    return (10 - total % 10) % 10


def _remainder11(body: str) -> int:
    _require_digits(body)
    total: int = sum(map(mul, cycle(range(2, 8)), map(int, reversed(body))))
    return total % 11


def _modulus11(body: str, *, low: int) -> int:
    remainder = _remainder11(body)
    return low if remainder <= 1 else 11 - remainder


def _require_digits(body: str) -> None:
    if not (body.isascii() and body.isdigit()):
        raise ValueError("the body must consist of digits")


_Part = tuple[str, int, int]
_CheckDigit = Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class _Rule:
    label: str
    lengths: tuple[int, ...]
    check: _CheckDigit | None = None
    check_first: bool = False
    warns_only: bool = False
    check_unconfirmed: bool = False
    secret: bool = False
    last_prefecture: int = 97
    parts: tuple[_Part, ...] = ()
    parts_short: tuple[_Part, ...] = ()
    note: str | None = None

    @property
    def length_text(self) -> str:
        first, last = self.lengths[0], self.lengths[-1]
        return f"{first}桁から{last}桁" if len(self.lengths) > 2 else f"{first}桁または{last}桁"

    def split(self, value: str) -> tuple[str, str]:
        if self.check is None:
            return value, ""
        return (value[1:], value[0]) if self.check_first else (value[:-1], value[-1])


_LAW_PARTS: tuple[_Part, ...] = (("law", 0, 2), ("prefecture", 2, 4), ("body", 4, 7), ("check_digit", 7, 8))
_RULES: dict[NumberKind, _Rule] = {
    NumberKind.INSURER: _Rule(
        "保険者番号",
        (6, 8),
        weight21_check_digit,
        parts=_LAW_PARTS,
        parts_short=(("prefecture", 0, 2), ("body", 2, 5), ("check_digit", 5, 6)),
    ),
    NumberKind.PAYER: _Rule("公費負担者番号", (8,), weight21_check_digit, parts=_LAW_PARTS),
    NumberKind.RECIPIENT: _Rule(
        "受給者番号", (7,), weight21_check_digit, parts=(("body", 0, 6), ("check_digit", 6, 7))
    ),
    NumberKind.INSTITUTION: _Rule(
        "医療機関コード",
        (10,),
        weight21_check_digit,
        warns_only=True,
        parts=(("prefecture", 0, 2), ("fee_table", 2, 3), ("area", 3, 5), ("number", 5, 9), ("check_digit", 9, 10)),
        note="1976年以前に付けられたコードには検証番号が合わないものがあるため、合わなくても使えます",
    ),
    NumberKind.MY_NUMBER: _Rule("個人番号", (12,), my_number_check_digit, secret=True),
    NumberKind.CORPORATE: _Rule(
        "法人番号", (13,), corporate_check_digit, check_first=True, parts=(("check_digit", 0, 1), ("base", 1, 13))
    ),
    NumberKind.MUNICIPALITY: _Rule(
        "団体コード",
        (6,),
        municipality_check_digit,
        last_prefecture=47,
        parts=(("prefecture", 0, 2), ("municipality", 2, 5), ("check_digit", 5, 6)),
    ),
    NumberKind.ATENA: _Rule(
        "宛名番号",
        tuple(range(2, 16)),
        atena_check_digit,
        warns_only=True,
        note="検査数字(M11W2-7)は新しく付けた住登外者の番号だけにあり、移行した番号では合わないことがあります",
    ),
    NumberKind.RESIDENT_CODE: _Rule(
        "住民票コード",
        (11,),
        my_number_check_digit,
        warns_only=True,
        check_unconfirmed=True,
        note="検査数字の算式は公式の資料で確かめられていないため、合わなくても使えます",
    ),
    NumberKind.CARE_INSURER: _Rule(
        "介護保険者番号", (6,), note="検証番号の算式が確かめられていないため、桁数だけを調べます"
    ),
    NumberKind.CARE_INSURED: _Rule(
        "介護被保険者番号", (10,), note="検査数字は保険者ごとに違うため、桁数だけを調べます"
    ),
    NumberKind.CARE_OFFICE: _Rule(
        "介護事業所番号", (10,), weight21_check_digit, warns_only=True, check_unconfirmed=True
    ),
    NumberKind.POSTAL_CODE: _Rule("郵便番号", (7,)),
}
_BLANKS_OR_HYPHEN = re.compile(r"[\s\-‐−ー]")


def _plain(kind: NumberKind, value: str) -> str:
    plain = unicodedata.normalize("NFKC", value).strip()
    return _BLANKS_OR_HYPHEN.sub("", plain).removeprefix("〒") if kind is NumberKind.POSTAL_CODE else plain


def _check_problems(rule: _Rule, body: str, digit: str, shown: str | None) -> list[Problem]:
    if rule.check is None:
        return []
    wanted = rule.check(body)
    if wanted is None:  # remainder 1: both 0 and "never issued" occur, so 0 is let through with a warning
        right, message = False, "検査数字の決まりが定まらない番号です(剰余1)"
    else:
        right, message = int(digit) == wanted, f"検査数字が合いません(正しくは{wanted})"
    if right:
        return []
    if rule.secret:  # the right digit would give the rest away
        message = "検査用数字が合いません"
    severity = Severity.WARNING if rule.warns_only else Severity.ERROR
    return [Problem("number.check_digit", message, field=rule.label, value=shown, severity=severity)]


def _parts(rule: _Rule, value: str) -> dict[str, str]:
    layout = rule.parts if len(value) == rule.lengths[-1] else rule.parts_short
    parts = {name: value[start:end] for name, start, end in layout}
    if parts.get("law") == "00":  # 国保 written with 8 digits
        parts["law"] = ""
    return parts


def _part_problems(rule: _Rule, value: str, shown: str | None) -> list[Problem]:
    """Structure: a prefecture is 01-47, or 51-97 once its numbers ran out (設定要領)."""
    parts = _parts(rule, value)
    found: list[Problem] = []
    prefecture = parts.get("prefecture")
    if prefecture is not None and not _prefecture_exists(rule, int(prefecture)):
        severity = Severity.WARNING if rule.warns_only else Severity.ERROR
        message = f"都道府県番号{prefecture}はありません"
        found.append(Problem("number.prefecture", message, field=rule.label, value=shown, severity=severity))
    if "fee_table" in parts and parts["fee_table"] not in "13467":
        message = f"点数表番号{parts['fee_table']}はありません(1医科、3歯科、4調剤、6訪問看護)"
        warning = Severity.WARNING
        found.append(Problem("number.fee_table", message, field=rule.label, value=shown, severity=warning))
    return found


def _prefecture_exists(rule: _Rule, number: int) -> bool:
    return 1 <= number <= 47 or 51 <= number <= rule.last_prefecture
