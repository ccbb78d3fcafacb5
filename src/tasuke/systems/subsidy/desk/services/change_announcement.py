"""お知らせ: a change is the next version; what was said before stays."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.announcements import AnnouncementChanged, AnnouncementDraft
from tasuke.systems.subsidy.desk.models import Announcement, AnnouncementVersion
from tasuke.systems.subsidy.desk.services.post_announcement import write_version


def change_announcement(
    *, using: str, announcement_id: int, seen: int, draft: AnnouncementDraft, actor: Actor, now: datetime
) -> AnnouncementVersion:
    """Say something else from now on; a withdrawn one stands again. seen: the version that the person had before them.

    Raises AnnouncementChanged, Announcement.DoesNotExist.
    """
    with transaction.atomic(using=using):
        last = locked(using=using, announcement_id=announcement_id, seen=seen)
        return write_version(
            using=using, announcement_id=announcement_id, version=last.version + 1, draft=draft, actor=actor, now=now
        )


def locked(*, using: str, announcement_id: int, seen: int) -> AnnouncementVersion:
    """The last version, locked to the end of the transaction. Raises as `change_announcement`."""
    Announcement.objects.using(using).select_for_update().get(pk=announcement_id)
    last = AnnouncementVersion.objects.using(using).filter(announcement_id=announcement_id).latest("version")
    if last.version != seen:
        raise AnnouncementChanged(last)
    return last
