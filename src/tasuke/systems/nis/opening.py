"""Whether the stand-in answers: opening hours (data) and the operator's switch."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from tasuke.contracts.kit import Unreachable
from tasuke.contracts.mediation import Opening
from tasuke.systems.nis.models import ServiceSwitch
from tasuke.systems.nis.settings_holder import service

_STANDING = """
SELECT COALESCE((SELECT down FROM nis_serviceswitch ORDER BY id DESC LIMIT 1), FALSE),
       EXISTS (SELECT FROM nis_body WHERE code = %s),
       COALESCE((SELECT version FROM nis_version WHERE name = 'keys'), 0),
       COALESCE((SELECT version FROM nis_version WHERE name = 'master'), 0)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What every call of a body must know, read with one statement. Versions: 0 before there is anything."""

    down: bool
    takes_part: bool
    keys_version: int
    master_version: int


def standing(*, using: str, body: str) -> Standing:
    """How the service stands, and whether this body takes part."""
    with connections[using].cursor() as cursor:
        cursor.execute(_STANDING, [body])
        return Standing(*cursor.fetchone())


def is_down(*, using: str) -> bool:
    """Whether an operator has stopped the service."""
    last = ServiceSwitch.objects.using(using).order_by("-pk").first()
    return last is not None and last.down


def opening(*, using: str, at: datetime) -> Opening:
    """Open now? When not, when again (none: while an operator has stopped it, nobody knows)."""
    if is_down(using=using):
        return Opening(open=False)
    hours = service()
    return Opening(open=True) if hours.is_open(at) else Opening(open=False, opens_at=hours.opens_at(at))


def require_running(*, using: str, known: Standing | None = None) -> None:
    """Raises Unreachable while an operator has stopped the service. known: when it was read already."""
    if known.down if known is not None else is_down(using=using):
        raise Unreachable("情報提供ネットワークシステム(代役)は停止しています")


def require_open(*, using: str, at: datetime, known: Standing | None = None) -> None:
    """Raises Unreachable outside the opening hours, and while the service is stopped."""
    require_running(using=using, known=known)
    if not service().is_open(at):
        raise Unreachable("情報提供ネットワークシステム(代役)は運用時間外です")
