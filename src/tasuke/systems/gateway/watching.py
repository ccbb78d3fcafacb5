"""Whether 中間サーバー is open, and its newest master."""

from datetime import datetime

from tasuke.contracts.interface import GET_MASTER, MasterRequest, MidServiceState
from tasuke.contracts.kit import Unreachable
from tasuke.systems.gateway import links
from tasuke.systems.gateway.masters import newest, store_master
from tasuke.systems.gateway.models import ServiceWindow

USING = "gateway"
_ROW = "midserver"


def watch(at: datetime) -> bool:
    """Ask for the service state and keep it; give whether messages can go out."""
    try:
        state = links.service_state()
    except Unreachable:
        state, reachable = MidServiceState(open=False, note="中間サーバーが応答しません"), False
    else:
        reachable = True
    before = ServiceWindow.objects.using(USING).filter(pk=_ROW).first()
    same = before is not None and (before.open, before.reachable) == (state.open, reachable)
    ServiceWindow.objects.using(USING).update_or_create(
        pk=_ROW,
        defaults={
            "open": state.open,
            "reachable": reachable,
            "opens_at": state.opens_at,
            "note": state.note[:300],
            "checked_at": at,
            "since": before.since if before is not None and same else at,
        },
    )
    return state.open


def window() -> ServiceWindow | None:
    """What was found out last; None before the first round."""
    return ServiceWindow.objects.using(USING).filter(pk=_ROW).first()


def take_master(at: datetime, limit: int) -> dict[str, int]:
    """Take a newer master over. Raises Unreachable, Refused."""
    master = links.ask(GET_MASTER, MasterRequest(known=newest(using=USING)))
    return {"masters": int(store_master(master, using=USING, at=at))}
