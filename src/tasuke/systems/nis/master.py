"""The master that is distributed: permissions and bodies, and the question whether somebody may ask somebody."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from tasuke.contracts.interface import BodyRow, Master, PermissionRow
from tasuke.systems.nis.calendar import TOKYO
from tasuke.systems.nis.directory import version_of
from tasuke.systems.nis.models import Body, Permission


class MasterUnusable(ValueError):
    """The file of permissions says something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class ListedPermission:
    """A row of the list with its source."""

    row: PermissionRow
    source: str


@dataclass(frozen=True, slots=True)
class PermissionList:
    """照会許可用照合リスト as of one day, with the bodies that take part on that day (code → kind)."""

    rows: Mapping[tuple[str, str, str, str], bool]  # (procedure, requester kind, information, provider kind) → by_year
    kinds: Mapping[str, str]

    def refusal(self, *, procedure: str, requester: str, information: str, provider: str, year: int | None) -> str:
        """Why this may not be asked; empty when it may.

        unknown-body · own-body · not-permitted · year-missing · year-not-asked.
        """
        if provider not in self.kinds or requester not in self.kinds:
            return "unknown-body"
        if provider == requester:
            return "own-body"
        by_year = self.rows.get((procedure, self.kinds[requester], information, self.kinds[provider]))
        if by_year is None:
            return "not-permitted"
        if by_year and year is None:
            return "year-missing"
        return "year-not-asked" if year is not None and not by_year else ""


def list_on(day: date, *, using: str) -> PermissionList:
    """The list in force on a day. Should two rows of one combination be in force, the newer one counts."""
    permissions = Permission.objects.using(using).filter(valid_from__lte=day).order_by("valid_from")
    bodies = Body.objects.using(using).filter(valid_from__lte=day)
    return PermissionList(
        rows={
            (p.procedure_code, p.requester_kind, p.information_code, p.provider_kind): p.by_year
            for p in permissions
            if p.valid_to is None or day < p.valid_to
        },
        kinds={b.code: b.kind for b in bodies if b.valid_to is None or day < b.valid_to},
    )


def day_of(at: datetime) -> date:
    """The day in Japan."""
    return at.astimezone(TOKYO).date()


def master_since(*, using: str, known: int) -> Master:
    """The whole master when it is newer than `known`, else its version alone."""
    version = version_of("master", using=using)
    if version <= known:
        return Master(version=version)
    names = ("procedure_code", "procedure", "requester_kind", "information_code", "information", "provider_kind")
    more = ("legal_basis", "by_year", "valid_from", "valid_to", "unconfirmed")
    permissions = Permission.objects.using(using).order_by("procedure_code", "information_code", "valid_from", "pk")
    bodies = Body.objects.using(using).order_by("code")
    return Master(
        version=version,
        permissions=tuple(PermissionRow(**row) for row in permissions.values(*names, *more)),
        bodies=tuple(
            BodyRow(**row)
            for row in bodies.values("code", "name", "kind", "municipality_code", "valid_from", "valid_to")
        ),
    )


def read_permissions(path: Path | None = None) -> tuple[str, tuple[ListedPermission, ...]]:
    """(SHA-256 of the file, its rows); without a path that of the package. Raises MasterUnusable."""
    data = path.read_bytes() if path else (files("tasuke.systems.nis") / "data/permissions.toml").read_bytes()
    try:
        table = tomllib.loads(data.decode("utf-8"))
        rows = tuple(_permission(row, table) for row in table["permission"])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MasterUnusable(f"照合リストを読めません: {error}") from error
    _check_unique(rows)
    return sha256(data).hexdigest(), rows


def _permission(given: Mapping[str, Any], table: Mapping[str, Any]) -> ListedPermission:
    row = {**table.get("defaults", {}), **given}
    source = row.pop("source")
    if not source:
        raise MasterUnusable("照合リストの行に出典がありません")
    return ListedPermission(
        PermissionRow(
            procedure=table["procedures"][row["procedure_code"]],
            information=table["information"][row["information_code"]],
            **row,
        ),
        source,
    )


def _check_unique(rows: Iterable[ListedPermission]) -> None:
    seen = set()
    for listed in rows:
        row = listed.row
        key = (row.procedure_code, row.requester_kind, row.information_code, row.provider_kind, row.valid_from)
        if key in seen:
            raise MasterUnusable(f"照合リストに同じ行が二つあります: {key}")
        if row.valid_to is not None and row.valid_to <= row.valid_from:
            raise MasterUnusable(f"照合リストの行の終わりが始まりより前です: {key}")
        seen.add(key)
