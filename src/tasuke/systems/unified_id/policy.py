"""What this installation of 団体内統合宛名 serves: set once by the composition root."""

from dataclasses import dataclass
from typing import Literal

from tasuke.core.numbers import NumberKind, check_number, is_synthetic_my_number
from tasuke.systems.unified_id.my_number import MyNumber

Accept = Literal["synthetic", "real"]
RESIDENT_BUSINESS = "001"  # 住民記録: its facts go before all others (共通機能標準仕様書 0320003)


@dataclass(frozen=True, slots=True)
class Policy:
    """accept: a fictitious city takes numbers that can be nobody's, a real city takes real ones, none takes both.

    body: 機関コード of the municipality, for the requests to 住基GW.
    """

    accept: Accept
    body: str = ""


class NoPolicy(RuntimeError):
    """The composition root has not said what this installation serves."""


_policy: list[Policy] = []


def set_policy(*, accept: Accept, body: str = "") -> None:
    """Say what this installation serves; saying it again replaces it."""
    _policy[:] = [Policy(accept, body)]


def policy() -> Policy:
    """What was set. Raises NoPolicy."""
    if not _policy:
        raise NoPolicy("統合宛名が受け付ける個人番号の種類が設定されていません")
    return _policy[0]


def refusal_of(number: MyNumber, *, accept: Accept) -> str:
    """Why this number is not taken, in words that say nothing of its digits; "" when it is taken."""
    digits = number.reveal()
    if accept == "synthetic":
        return "" if is_synthetic_my_number(digits) else "この市は架空の市のため、架空の個人番号だけを受け付けます"
    if is_synthetic_my_number(digits):
        return "架空の個人番号は受け付けません"
    if len(digits) != 12 or not check_number(NumberKind.MY_NUMBER, digits).valid:
        return "個人番号の桁数か検査用数字が違います"
    return ""
