"""お知らせ: a new one, told to colleagues from its first day on."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.announcements import AnnouncementDraft
from tasuke.systems.subsidy.desk.models import Announcement, AnnouncementVersion


def post_announcement(*, using: str, draft: AnnouncementDraft, actor: Actor, now: datetime) -> AnnouncementVersion:
    """Write the announcement and its first version."""
    with transaction.atomic(using=using):
        made = Announcement.objects.using(using).create(posted_at=now)
        return write_version(using=using, announcement_id=made.pk, version=1, draft=draft, actor=actor, now=now)


def write_version(
    *, using: str, announcement_id: int, version: int, draft: AnnouncementDraft, actor: Actor, now: datetime
) -> AnnouncementVersion:
    """One version as it was typed."""
    return AnnouncementVersion.objects.using(using).create(
        announcement_id=announcement_id,
        version=version,
        title=draft.title,
        text=draft.text,
        during=DateRange(draft.first, _after(draft.last)),
        roles=sorted(draft.roles),
        wards=sorted(draft.wards),
        urgent=draft.urgent,
        recorded_at=now,
        recorded_by=actor.personal_id,
        recorded_name=actor.name,
    )


def _after(last: date) -> date:
    return last + timedelta(days=1)
