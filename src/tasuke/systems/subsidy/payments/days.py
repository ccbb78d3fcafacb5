"""On which days the city pays. Pure."""

from datetime import date

from tasuke.core.calendar import is_bank_business_day, to_wareki


class NotABankBusinessDay(ValueError):
    """Banks take no transfer for this day."""


def pay_day(text: str) -> date:
    """The pay day of a run's parameters. Raises NotABankBusinessDay."""
    day = date.fromisoformat(text)
    if not is_bank_business_day(day):
        raise NotABankBusinessDay(f"{to_wareki(day)}は銀行の営業日ではありません")
    return day
