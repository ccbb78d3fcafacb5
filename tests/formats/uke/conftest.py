"""Small receipt files of every kind, written by the writer."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from tasuke.formats.uke import UkeKind, render
from tasuke.formats.uke.layouts import TABLE_CODE

Frames = tuple[pl.DataFrame, pl.DataFrame]


def _frames(kind: UkeKind, count: int) -> Frames:
    table = TABLE_CODE[kind]
    rows = range(count)
    claims = pl.DataFrame(
        {
            "line": list(rows),
            "agency": ["1"] * count,
            "institution_code": [f"01{table}123456{i // 3}" for i in rows],
            "institution_name": ["中央病院"] * count,
            "receipt_type": [f"{table}122"] * count,
            "name": [f"山田　{'一二三四五六七八九'[i]}子" for i in rows],
            "sex": ["2"] * count,
            "cost": [1000 + 10 * i for i in rows],
            "days": [1 + i % 3 for i in rows],
            "insurer_no": ["06130488", "138057", "33120015"] * (count // 3),
            "symbol": ["１２・３"] * count,
            "number": [str(100 + i) for i in rows],
            "branch_no": ["01"] * count,
            "first_visits": [i % 2 for i in rows],
        }
    ).with_columns(billed_month=date(2026, 6, 1), service_month=date(2026, 5, 1), birth_date=date(2020, 4, 1))
    kohi = pl.DataFrame(
        {
            "line": list(rows),
            "order": [1] * count,
            "payer_no": ["81136244"] * count,
            "recipient_no": [f"{i:07d}" for i in rows],
            "days": [1 + i % 3 for i in rows],
            "cost": [1000 + 10 * i for i in rows],
            "copay": [500] * count,
        }
    )
    return claims, kohi


@pytest.fixture(scope="session")
def frames() -> Callable[..., Frames]:
    """frames(kind, count=6): claims (two institutions) and their 公費."""

    def make(kind: UkeKind, count: int = 6) -> Frames:
        return _frames(kind, count)

    return make


@pytest.fixture(scope="session")
def file_of() -> Callable[..., bytes]:
    """file_of(kind, form="claim"): a good file with six receipts of two institutions."""

    def make(kind: UkeKind, form: str = "claim") -> bytes:
        claims, kohi = _frames(kind, 6)
        return render(kind=kind, claims=claims, kohi=kohi, filler=2, form=form)

    return make
