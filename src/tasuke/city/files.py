"""What the city has written: files with kind, month and rows, for whoever imports them in the right order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl


class FileKind(StrEnum):
    """What a file holds (the format module of the same name reads it)."""

    RESIDENTS = "resident_feed"
    NUMBERS = "my_number_feed"  # synthetic 個人番号
    TAX = "tax_feed"
    INSURANCE = "nhi_feed"
    WELFARE = "welfare_feed"
    APPLICATIONS = "application_feed"
    OLD_APPLICATIONS = "old_application_feed"  # the same form: decided and told by the old system
    ENTITLEMENTS = "entitlement_feed"
    CLAIMS_UKE = "uke"
    CLAIMS_CSV = "claims_csv"
    RECEIPTS = "receipt_feed"
    PLANTED = "planted"


@dataclass(frozen=True, slots=True)
class CityFile:
    """month: first day of the month whose changes or services it holds; None: the initial load. rows: data rows."""

    kind: FileKind
    path: Path
    month: date | None
    rows: int
    agency: str | None = None
    care: str | None = None


@dataclass(slots=True)
class Shelf:
    """The folder that the city writes into, and what is there already."""

    out: Path
    files: list[CityFile] = field(default_factory=list)

    def put(self, kind: FileKind, name: str, data: bytes, *, rows: int, month: date | None = None) -> Path:
        """Write one file and remember it."""
        path = self.out / name
        path.write_bytes(data)
        self.files.append(CityFile(kind, path, month, rows))
        return path

    def put_feed(
        self,
        kind: FileKind,
        name: str,
        rows: pl.DataFrame,
        render: Callable[[pl.DataFrame], bytes],
        month: date | None = None,
    ) -> None:
        """Write feed rows; an empty month is no file."""
        if rows.height or month is None:
            self.put(kind, name, render(rows), rows=rows.height, month=month)


@dataclass(frozen=True, slots=True)
class CityFiles:
    """Everything that `generate` wrote. summary: what city.json says (counts and truth totals)."""

    out: Path
    files: tuple[CityFile, ...]
    planted: Path
    summary: dict[str, Any]

    def initial(self, kind: FileKind) -> list[CityFile]:
        """Files of the initial load, in the order of their names."""
        return sorted((f for f in self.files if f.kind is kind and f.month is None), key=lambda f: f.path.name)

    def of_month(self, month: date, kind: FileKind | None = None) -> list[CityFile]:
        """Files of a month, in the order of their names."""
        found = (f for f in self.files if f.month == month and kind in (None, f.kind))
        return sorted(found, key=lambda f: f.path.name)
