"""The national master (照会許可用照合リスト, 機関): kept by version, asked before anything is sent or provided."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tasuke.contracts.interface import BodyRow, Master, PermissionRow
from tasuke.systems.midserver.models import MasterVersion
from tasuke.systems.midserver.tenancy import USING

_ZONE = ZoneInfo("Asia/Tokyo")


class NoMaster(LookupError):
    """The national master has not been received yet: nothing may be asked or provided."""


@dataclass(frozen=True, slots=True)
class PermissionList:
    """A version, ready to be asked."""

    master: Master
    bodies: dict[str, tuple[BodyRow, ...]]
    rows: dict[tuple[str, str], tuple[PermissionRow, ...]]  # (procedure, information)

    def why_not(
        self, *, requester: str, provider: str, procedure: str, information: str, year: int | None, at: datetime
    ) -> str:
        """Empty when the combination is lawful at that moment, else why not, in Japanese."""
        day = at.astimezone(_ZONE).date()
        asking, giving = self.body(requester, day), self.body(provider, day)
        if asking is None:
            return "照会する機関が配信マスターにありません"
        if giving is None:
            return "照会先の機関が配信マスターにありません"
        if requester == provider:
            return "自団体には照会できません"
        listed = [
            row
            for row in self.rows.get((procedure, information), ())
            if (row.requester_kind, row.provider_kind) == (asking.kind, giving.kind) and _holds(row, day)
        ]
        if not listed:
            return "照会許可用照合リストにない組合せです"
        if not any(row.by_year == (year is not None) for row in listed):
            return "年度の指定が要ります" if year is None else "年度を指定できない情報です"
        return ""

    def body(self, code: str, day: date) -> BodyRow | None:
        """The body, if it takes part on that day."""
        return next((row for row in self.bodies.get(code, ()) if _holds(row, day)), None)


def permission_list(*, version: int | None = None, using: str = USING) -> PermissionList:
    """The version in force. version: when the caller has read it already. Raises NoMaster."""
    if version is None:
        version = current_version(using=using)
    if version == 0:
        raise NoMaster("配信マスターをまだ受け取っていません")
    return _load(version, using)


def current_version(*, using: str = USING) -> int:
    """The newest version that was received; 0: none."""
    newest = MasterVersion.objects.using(using).order_by("-version").values_list("version", flat=True).first()
    return newest or 0


def master_for(*, body: str, known: int, at: datetime, using: str = USING) -> Master:
    """What concerns a body: rows in which its kind asks or is asked, and the bodies on the other side of these."""
    version = current_version(using=using)
    if version <= known:
        return Master(version=version)
    whole = _load(version, using)
    own = whole.body(body, at.astimezone(_ZONE).date())
    if own is None:
        return Master(version=version)
    rows = tuple(r for r in whole.master.permissions if own.kind in (r.requester_kind, r.provider_kind))
    kinds = {own.kind} | {r.requester_kind for r in rows} | {r.provider_kind for r in rows}
    return Master(version=version, permissions=rows, bodies=tuple(b for b in whole.master.bodies if b.kind in kinds))


def forget_loaded() -> None:
    """Drop what this process has loaded: a test makes other masters under the same numbers."""
    _load.cache_clear()


@lru_cache(maxsize=4)
def _load(version: int, using: str) -> PermissionList:
    content = MasterVersion.objects.using(using).get(pk=version).content
    master = Master.model_validate(content)
    bodies: dict[str, tuple[BodyRow, ...]] = {}
    for body in master.bodies:
        bodies[body.code] = (*bodies.get(body.code, ()), body)
    rows: dict[tuple[str, str], tuple[PermissionRow, ...]] = {}
    for row in master.permissions:
        key = row.procedure_code, row.information_code
        rows[key] = (*rows.get(key, ()), row)
    return PermissionList(master, bodies, rows)


def _holds(row: PermissionRow | BodyRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
