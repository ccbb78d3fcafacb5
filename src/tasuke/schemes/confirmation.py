"""未確認 values: a batch refuses to run on those that the municipality has not confirmed."""

from datetime import date

from tasuke.schemes.definition import Scheme, UnconfirmedValue


class UnconfirmedRules(ValueError):
    """The scheme rests on values that nobody has confirmed; `values` lists them."""

    def __init__(self, scheme: Scheme, values: list[UnconfirmedValue]) -> None:
        lines = [f"・{v.key}: {v.note}" for v in values]
        head = f"{scheme.name}: 未確認の規則が{len(values)}件あります。確かめて設定の confirmations に書いてください。"
        super().__init__("\n".join([head, *lines]))
        self.scheme = scheme.id
        self.values = values


def still_unconfirmed(scheme: Scheme, confirmed: frozenset[str], *, on: date | None = None) -> list[UnconfirmedValue]:
    """未確認 values (of the rules in force on a day, when given) that `confirmed` does not hold."""
    return [value for value in scheme.unconfirmed(on=on) if value.key not in confirmed]


def require_confirmed(scheme: Scheme, confirmed: frozenset[str], *, on: date | None = None) -> None:
    """Raises UnconfirmedRules when a 未確認 value is not confirmed."""
    values = still_unconfirmed(scheme, confirmed, on=on)
    if values:
        raise UnconfirmedRules(scheme, values)


def unknown_confirmations(scheme: Scheme, confirmed: frozenset[str]) -> list[str]:
    """Keys that a profile confirms although the scheme has no such 未確認 value: a slip, or a rule since looked up."""
    known = {value.key for value in scheme.unconfirmed()}
    return sorted(confirmed - known)
