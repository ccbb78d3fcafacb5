"""Who may do what: actions, roles as data, grants with a period and two people, limits as predicates."""

from tasuke.platform.access.actions import Action, Kind
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.access.request import Actor, OfficeRequest
from tasuke.platform.access.scope import Scope
from tasuke.platform.access.screen import NotOnRecord, public, screen

__all__ = ["Action", "Actor", "Kind", "NotOnRecord", "OfficeRequest", "Purpose", "Scope", "public", "screen"]
