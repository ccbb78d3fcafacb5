"""二者確認 of a 届出: the second person has compared it with the paper, and it enters the register or is dropped."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.effects import Effect
from tasuke.systems.subsidy.desk.models import Notification, NotificationCheck
from tasuke.systems.subsidy.desk.notification_writing import draft_of
from tasuke.systems.subsidy.desk.services.preview_notification import preview_notification
from tasuke.systems.subsidy.desk.services.record_notification import one_at_a_time, put_into_force


class NotWaiting(ValueError):
    """The 届出 needs no check, or has one."""


class SamePerson(ValueError):
    """Who typed it cannot be the one who compares."""


class FactsMoved(ValueError):
    """What the 届出 was to change is no longer as it was when it was recorded."""


class RemarkWanted(ValueError):
    """A 届出 is dropped without saying why."""


def check_notification(
    *, using: str, notification_id: int, accept: bool, remark: str, actor: Actor, on: date, now: datetime
) -> NotificationCheck:
    """Write what a 届出 says into the register, or drop it. Whoever typed it may drop it, and never accept it.

    Raises NotWaiting, SamePerson, FactsMoved, RemarkWanted.
    """
    with transaction.atomic(using=using):
        told = Notification.objects.using(using).get(pk=notification_id)
        draft = draft_of(told)
        one_at_a_time(using, draft.people)
        theirs = NotificationCheck.objects.using(using).filter(notification=told).first()
        if not told.needs_check or theirs:
            done = (
                f"{theirs.checked_name}が先に{'照合しました' if theirs.accepted else '取り消しました'}。"
                if theirs
                else ""
            )
            raise NotWaiting(f"{done}この届出は照合を待っていません")
        if accept:
            if told.recorded_by == actor.personal_id:
                raise SamePerson("入力した本人は照合できません。別の職員が照合してください")
            effect = preview_notification(using=using, draft=draft, on=on, now=now)
            if _moved(effect, told.effect):
                raise FactsMoved("記録の後に台帳の内容が変わりました。この届出を取り消し、もう一度記録してください")
            put_into_force(using=using, draft=draft, effect=effect, number=told.number, on=on, now=now)
        elif not remark.strip():
            raise RemarkWanted("取り消す理由を入力してください")
        return NotificationCheck.objects.using(using).create(
            notification=told,
            accepted=accept,
            remark="" if accept else remark.strip(),
            checked_at=now,
            checked_by=actor.personal_id,
            checked_name=actor.name,
        )


def _moved(now: Effect, then: dict[str, Any]) -> bool:
    """Whether the 届出 would do something else than the effect that was kept with it: to histories, entitlements or
    certificates. Days that have passed alone move nothing."""
    return any(getattr(now, part) != then[part] for part in ("facts", "entitlements", "certificates"))
