"""個人番号 in memory: a value that does not show itself, and which of them an installation takes."""

from typing import Literal

from tasuke.core.numbers import NumberKind, check_number, is_synthetic_my_number

Accept = Literal["synthetic", "real"]


class MyNumber:
    """Digits of a 個人番号. No representation and no pickling shows them; `reveal` gives them to one function."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __repr__(self) -> str:
        return "MyNumber(************)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MyNumber) and other._digits == self._digits

    def __hash__(self) -> int:
        return hash(self._digits)

    def __reduce__(self) -> str:
        raise TypeError("a 個人番号 is not pickled")

    def reveal(self) -> str:
        """The digits, for the page or the seal that they are meant for and for nothing else."""
        return self._digits


def refusal_of(number: MyNumber, *, accept: Accept) -> str:
    """Why this number is not taken, in words that say nothing of its digits; "" when it is taken.

    accept: a fictitious city takes numbers that can be nobody's, a real city takes real ones, none takes both.
    """
    digits = number.reveal()
    if accept == "synthetic":
        return "" if is_synthetic_my_number(digits) else "この市は架空の市のため、架空の個人番号だけを受け付けます"
    if is_synthetic_my_number(digits):
        return "架空の個人番号は受け付けません"
    if len(digits) != 12 or not check_number(NumberKind.MY_NUMBER, digits).valid:
        return "個人番号の桁数か検査用数字が違います"
    return ""
