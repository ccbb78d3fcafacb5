"""The transfer file as data: its header and its payment lines."""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from tasuke.formats.zengin.layout import BUSINESS_TRANSFER, CODE_JIS

SCHEMA = {
    "line": pl.Int64,
    "bank_code": pl.String,
    "bank_name": pl.String,
    "branch_code": pl.String,
    "branch_name": pl.String,
    "account_kind": pl.String,
    "account_no": pl.String,
    "holder": pl.String,
    "amount": pl.Int64,
    "new_code": pl.String,
    "customer_code1": pl.String,
    "customer_code2": pl.String,
    "edi": pl.String,
    "transfer_kind": pl.String,
}


@dataclass(frozen=True, slots=True)
class Header:
    """Who pays, when and from which account. pay_day is MMDD: the file has no year. Names are bank kana."""

    client_code: str
    client_name: str
    pay_day: str
    bank_code: str
    branch_code: str
    account_kind: str
    account_no: str
    bank_name: str = ""
    branch_name: str = ""
    business: str = BUSINESS_TRANSFER
    code_kind: str = CODE_JIS
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class TransferFile:
    """One header with its payment lines (columns of SCHEMA)."""

    header: Header
    transfers: pl.DataFrame

    @property
    def count(self) -> int:
        """合計件数."""
        return self.transfers.height

    @property
    def total(self) -> int:
        """合計金額 in yen."""
        return int(self.transfers["amount"].sum())


def month_day(day: date) -> str:
    """MMDD, as the header wants the pay day."""
    return f"{day.month:02d}{day.day:02d}"
