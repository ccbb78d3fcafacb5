"""Which 個人番号 this installation of 社会保障宛名 takes at its screen: set once by the composition root."""

from tasuke.core.my_number import Accept

_accept: list[Accept] = []


class NoPolicy(RuntimeError):
    """The composition root has not said which 個人番号 may be entered."""


def set_policy(*, accept: Accept) -> None:
    """synthetic: only numbers that can be nobody's (a fictitious city); real: only real ones."""
    _accept[:] = [accept]


def accepted_numbers() -> Accept:
    """What was set. Raises NoPolicy: there is no silent default."""
    if not _accept:
        raise NoPolicy("社会保障宛名で入力できる個人番号の種類が設定されていません")
    return _accept[0]
