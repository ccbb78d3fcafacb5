"""The operator tells all municipalities: hours, planned stops, notices, settings."""

from datetime import datetime, time

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tasuke.systems.midserver.models import Hours, Notice, Setting
from tasuke.systems.midserver.setting import settings
from tasuke.systems.midserver.tenancy import USING


class BadNotice(ValueError):
    """A notice or value that cannot be meant (Japanese: the operator reads it)."""


def announce(
    *, text: str, start: datetime, end: datetime | None, stop: bool, by: str, at: datetime, using: str = USING
) -> Notice:
    """A notice, or a planned stop during which no call is answered. Raises BadNotice."""
    if end is not None and end <= start:
        raise BadNotice("終わりは始まりより後にしてください")
    if not text.strip():
        raise BadNotice("内容を入力してください")
    during = DateTimeTZRange(start, end)
    standing = Notice.objects.using(using).filter(stop=True, withdrawn_at__isnull=True, during__overlap=during)
    if stop and standing.exists():
        raise BadNotice("同じ時間に別の停止が登録されています")
    return Notice.objects.using(using).create(during=during, stop=stop, text=text.strip(), made_at=at, made_by=by)


def withdraw_notice(*, notice_id: int, at: datetime, using: str = USING) -> bool:
    """Take a notice back; whether it stood."""
    standing = Notice.objects.using(using).filter(pk=notice_id, withdrawn_at__isnull=True)
    return bool(standing.update(withdrawn_at=at))


def set_hours(*, week: dict[int, tuple[time, time]], by: str, at: datetime, using: str = USING) -> None:
    """Weekly hours (0 Monday); a day that is missing is closed. An empty week means: always open."""
    with transaction.atomic(using=using):
        Hours.objects.using(using).all().delete()
        Hours.objects.using(using).bulk_create(
            Hours(weekday=day, opens=opens, closes=closes, changed_at=at, changed_by=by)
            for day, (opens, closes) in week.items()
        )


def change_setting(*, name: str, value: int, source: str, by: str, at: datetime, using: str = USING) -> None:
    """Confirm or change a value, with the ground for it. Raises BadNotice."""
    known = settings(using=using).get(name)
    if known is None:
        raise BadNotice("この設定はありません")
    if not source.strip():
        raise BadNotice("根拠が要ります")
    if not known.least <= value <= known.most:
        raise BadNotice(f"{known.least} から {known.most} までの値にしてください。{known.bounds}")
    Setting.objects.using(using).update_or_create(
        name=name, defaults={"value": value, "source": source.strip(), "changed_at": at, "changed_by": by}
    )
