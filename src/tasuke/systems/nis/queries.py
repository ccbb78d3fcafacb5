"""What the stand-in's screens show: bodies and keys, the list, records, refusals. Nothing of it names anybody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from tasuke.systems.nis.models import (
    Body,
    DirectoryKey,
    IssuedPermit,
    Mail,
    Permission,
    PermitState,
    Record,
    Refusal,
    Removal,
    ServiceSwitch,
)
from tasuke.systems.nis.words import key_state, reason_label


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A public key with its state in Japanese, and the tone of its badge."""

    key: DirectoryKey
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class BodyLine:
    """A body with what lies here for it. waiting: messages in its mailbox; open_permits: what it has to answer."""

    code: str
    name: str
    kind: str
    body: Body | None
    keys: list[KeyLine]
    waiting: int
    open_permits: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How much there is. open_permits: not answered yet."""

    bodies: int
    open_permits: int
    waiting: int
    refusals: int
    switches: list[ServiceSwitch]
    removals: list[Removal]


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """A refusal with its reason in Japanese."""

    row: Refusal
    reason: str


def overview(*, using: str, since: datetime) -> Overview:
    """Counts for the first page. since: refusals are counted from this moment on."""
    return Overview(
        bodies=Body.objects.using(using).count(),
        open_permits=IssuedPermit.objects.using(using).filter(state=PermitState.OPEN).count(),
        waiting=Mail.objects.using(using).count(),
        refusals=Refusal.objects.using(using).filter(at__gte=since).count(),
        switches=list(ServiceSwitch.objects.using(using).order_by("-pk")[:5]),
        removals=list(Removal.objects.using(using).order_by("-pk")[:5]),
    )


def bodies(*, using: str, after: str, limit: int, at: datetime) -> list[BodyLine]:
    """Core first, then a piece of the bodies, each with its keys (the newest first) and counts."""
    rows = list(Body.objects.using(using).filter(code__gt=after).order_by("code")[:limit])
    listed = ["CORE", *(row.code for row in rows)]
    waiting = _count(Mail.objects.using(using).filter(receiver__in=listed), "receiver")
    permits = _count(IssuedPermit.objects.using(using).filter(state=PermitState.OPEN, provider__in=listed), "provider")
    keys: dict[str, list[KeyLine]] = {}
    for key in DirectoryKey.objects.using(using).filter(body__in=listed).order_by("-version", "-pk"):
        keys.setdefault(key.body, []).append(KeyLine(key, *key_state(key, at)))
    core = BodyLine("CORE", "中核システム(代役)", "core", None, keys.get("CORE", []), 0, 0)
    lines = [
        BodyLine(
            row.code,
            row.name,
            row.kind,
            row,
            keys.get(row.code, []),
            waiting.get(row.code, 0),
            permits.get(row.code, 0),
        )
        for row in rows
    ]
    return lines if after else [core, *lines]


def names(*, using: str) -> dict[str, str]:
    """What the codes of bodies, procedures and information mean; former rows of the list too, for old records."""
    rows = Permission.objects.using(using).order_by("valid_from")
    found = {"CORE": "中核システム(代役)", **dict(Body.objects.using(using).values_list("code", "name"))}
    for procedure_code, procedure, information_code, information in rows.values_list(
        "procedure_code", "procedure", "information_code", "information"
    ):
        found[procedure_code], found[information_code] = procedure, information
    return found


def permissions(*, using: str, after: int | None, limit: int) -> list[Permission]:
    """A piece of the list, former rows too, in the order in which it was read."""
    rows = Permission.objects.using(using).order_by("pk")
    return list((rows.filter(pk__gt=after) if after else rows)[:limit])


def records(*, using: str, body: str, after: int | None, limit: int) -> list[Record]:
    """Records, newest first. body: only those in which it asks or is asked; after: key of the last one shown."""
    found = Record.objects.using(using).order_by("-pk")
    if body:
        found = found.filter(Q(requester=body) | Q(provider=body))
    return list((found.filter(pk__lt=after) if after else found)[:limit])


def refusals(*, using: str, body: str, after: int | None, limit: int) -> list[RefusalLine]:
    """Refusals, newest first. body: only what it brought."""
    found = Refusal.objects.using(using).order_by("-pk")
    if body:
        found = found.filter(body=body)
    rows = (found.filter(pk__lt=after) if after else found)[:limit]
    return [RefusalLine(row, reason_label(row.code)) for row in rows]


def _count(rows: QuerySet[Any], by: str) -> dict[str, int]:
    return dict(rows.values_list(by).annotate(rows=Count("pk")).order_by())
