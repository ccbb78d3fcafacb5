"""お知らせ to colleagues: those of today for whoever looks, all of them for who posts them, and how one came about."""

from dataclasses import dataclass
from datetime import date

from django.db.models.functions import Greatest, TruncDate

from tasuke.platform.access import Actor, Scope
from tasuke.systems.subsidy.desk.models import AnnouncementVersion

TODAY_AT_MOST = 30  # more than anybody reads in the morning
LISTED = 200


@dataclass(frozen=True, slots=True)
class AnnouncementDraft:
    """What was typed. first, last: days on which it is shown, both included; no roles or wards: all of them."""

    title: str
    text: str
    first: date
    last: date
    roles: tuple[str, ...] = ()
    wards: tuple[str, ...] = ()
    urgent: bool = False


class AnnouncementChanged(Exception):
    """Somebody else changed or withdrew it in between. theirs: what it says now."""

    def __init__(self, theirs: AnnouncementVersion) -> None:
        super().__init__(f"{theirs.recorded_name}が先に変更しました")
        self.theirs = theirs


def announcements_today(*, using: str, actor: Actor, scope: Scope, on: date) -> list[AnnouncementVersion]:
    """Those in force for the person's roles and wards: urgent ones first, then the newest. One statement.

    told_on: since when it says this here, the first day or that of the last change.
    """
    versions = AnnouncementVersion.objects.using(using).current().in_force_on(on)
    meant = versions.meant_for(roles=actor.roles, wards=scope.offices)
    dated = meant.annotate(told_on=Greatest("during__startswith", TruncDate("recorded_at")))
    return list(dated.order_by("-urgent", "-told_on", "-id")[:TODAY_AT_MOST])


def announcements_listed(*, using: str) -> list[AnnouncementVersion]:
    """The last version of every one, the newest first, withdrawn and past ones included, at most two hundred."""
    return list(AnnouncementVersion.objects.using(using).current().order_by("-announcement_id")[:LISTED])


def announcement_versions(*, using: str, announcement_id: int) -> list[AnnouncementVersion]:
    """All that one ever said, the newest first; empty: there is none of this number."""
    found = AnnouncementVersion.objects.using(using).filter(announcement_id=announcement_id)
    return list(found.order_by("-version"))


def may_write(*, scope: Scope, wards: list[str]) -> bool:
    """Whether one for these wards (none: for all) is within the limits of who writes."""
    return scope.offices is None or (bool(wards) and scope.offices.issuperset(wards))
