"""お知らせ: withdrawn with a reason; it stays in the list."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.announcements import AnnouncementChanged
from tasuke.systems.subsidy.desk.models import AnnouncementVersion
from tasuke.systems.subsidy.desk.services.change_announcement import locked


def withdraw_announcement(
    *, using: str, announcement_id: int, seen: int, reason: str, actor: Actor, now: datetime
) -> AnnouncementVersion:
    """Take it off the page of today. seen: the version that the person had before them; reason: not empty.

    Raises AnnouncementChanged (also when it was withdrawn already), Announcement.DoesNotExist.
    """
    with transaction.atomic(using=using):
        last = locked(using=using, announcement_id=announcement_id, seen=seen)
        if last.withdrawn_reason:
            raise AnnouncementChanged(last)
        return AnnouncementVersion.objects.using(using).create(
            announcement_id=announcement_id,
            version=last.version + 1,
            title=last.title,
            text=last.text,
            during=last.during,
            roles=last.roles,
            wards=last.wards,
            urgent=last.urgent,
            withdrawn_reason=reason,
            recorded_at=now,
            recorded_by=actor.personal_id,
            recorded_name=actor.name,
        )
