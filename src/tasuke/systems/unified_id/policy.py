"""What this installation of 団体内統合宛名 serves: set once by the composition root."""

from dataclasses import dataclass

from tasuke.core.my_number import Accept

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
