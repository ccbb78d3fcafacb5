"""Whether the stand-in answers: opening hours (data) and the operator's switch."""

from datetime import datetime

from tasuke.contracts.kit import Unreachable
from tasuke.contracts.mediation import Opening
from tasuke.systems.nis.models import ServiceSwitch
from tasuke.systems.nis.settings_holder import service


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


def require_running(*, using: str) -> None:
    """Raises Unreachable while an operator has stopped the service."""
    if is_down(using=using):
        raise Unreachable("情報提供ネットワークシステム(代役)は停止しています")


def require_open(*, using: str, at: datetime) -> None:
    """Raises Unreachable outside the opening hours, and while the service is stopped."""
    require_running(using=using)
    if not service().is_open(at):
        raise Unreachable("情報提供ネットワークシステム(代役)は運用時間外です")
