"""The request as a view of the office sees it: who asks, with which limits, and where to record what was shown."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest

from tasuke.platform.access.actions import Action, Kind
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.access.scope import Scope

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from tasuke.platform.audit import Recorder


@dataclass(frozen=True, slots=True)
class Actor:
    """The person at the screen. office: ward code, or "" for the head office; actions: all that the roles allow."""

    personal_id: str
    name: str
    office: str
    roles: frozenset[str] = frozenset()
    actions: frozenset[Action] = frozenset()

    def may(self, action: Action) -> bool:
        """Whether some grant in force allows this, for some office. The screen itself checks again, with limits."""
        return action in self.actions or action.kind is Kind.SELF


class OfficeRequest(HttpRequest):
    """What `screen` adds to a request. Views take this type; Django hands them the very same object."""

    at: datetime  # the clock was read once, when the request came in (Asia/Tokyo)
    today: date
    actor: Actor
    scope: Scope
    action: Action
    purpose: Purpose | None
    terminal: str  # registered terminal's id, "" where none is asked for
    audit: "Recorder"
    htmx: "HtmxDetails"
