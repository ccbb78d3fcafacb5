"""Care that another area has paid: claims ask, and areas to the right answer (they import claims, not the reverse)."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import polars as pl

from tasuke.systems.subsidy.claims.frames import REIMBURSED_SCHEMA


class PaidElsewhere(Protocol):
    """Gives REIMBURSED_SCHEMA for service months (first days): what was paid to persons for care in these months."""

    def __call__(self, *, using: str, months: Sequence[date]) -> pl.DataFrame: ...


_providers: list[PaidElsewhere] = []


def ask_also(provider: PaidElsewhere) -> None:
    """Register who else pays for care (once, at start)."""
    if provider not in _providers:
        _providers.append(provider)


def paid_elsewhere(*, using: str, months: Sequence[date]) -> pl.DataFrame:
    """All that was paid elsewhere for care in these months."""
    frames = [provider(using=using, months=months).select(list(REIMBURSED_SCHEMA)) for provider in _providers]
    return pl.concat([pl.DataFrame(schema=REIMBURSED_SCHEMA), *frames])
