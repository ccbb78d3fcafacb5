"""What every page knows: who is here, what they may do, whose office it is, what for data are looked at."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tasuke.platform.access import Action, Actor
from tasuke.platform.accounts.staff import StaffNames
from tasuke.platform.ui.navigation import Link, links_for
from tasuke.platform.ui.site import site


class May:
    """`{% if may.VIEW_INCOME %}` in a template: whether the person may do this, somewhere."""

    def __init__(self, actor: Actor | None) -> None:
        self._actor = actor

    def __getitem__(self, name: str) -> bool:
        return self._actor is not None and self._actor.may(Action[name])


def office(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Pages before the sign-in get an empty bar."""
    actor: Actor | None = getattr(request, "actor", None)
    links: list[Link] = links_for(actor, request.path_info) if actor else []
    office_site = site()
    return {
        "actor": actor,
        "may": May(actor),
        "site": office_site,
        "staff_names": StaffNames(),
        "brand": office_site.brand_of(request.path_info),
        "navigation": links,
        "purpose": getattr(request, "purpose", None),
        "today": getattr(request, "today", None),
        "idle_seconds": settings.IDLE_SECONDS,
    }
