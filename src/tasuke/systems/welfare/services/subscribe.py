"""A business asks for kinds of changes; somebody else approves. Nothing flows before, and all there is flows after."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tasuke.systems.welfare.models import Change, Subscriber
from tasuke.systems.welfare.publishing import number_for, publishing


class CannotSubscribe(ValueError):
    """Why it is not taken or decided, in words for the screen."""


def apply_for_changes(
    *,
    using: str,
    system: str,
    name: str,
    business_id: str,
    kinds: Sequence[str],
    legal_basis: str,
    purpose: str,
    by: str,
    at: datetime,
) -> Subscriber:
    """Ask for kinds of changes; asking anew needs a new decision. Raises CannotSubscribe."""
    unknown = sorted(set(kinds) - set(Change.Kind))
    if unknown or not kinds:
        raise CannotSubscribe(f"種類がありません: {', '.join(unknown)}" if unknown else "種類を選んでください")
    if not legal_basis.strip() or not purpose.strip():
        raise CannotSubscribe("根拠と利用目的が要ります")
    facts = {
        "name": name,
        "business_id": business_id,
        "kinds": sorted(set(kinds)),
        "legal_basis": legal_basis,
        "purpose": purpose,
        "state": Subscriber.State.REQUESTED,
        "requested_by": by,
        "requested_at": at,
        "decided_by": "",
        "decided_at": None,
        "ended_by": "",
        "ended_at": None,
    }
    with transaction.atomic(using=using):
        known = Subscriber.objects.using(using).select_for_update().filter(system=system).first()
        if known is not None and known.state == Subscriber.State.APPROVED:
            raise CannotSubscribe("承認された利用があります。先に終了してください")
        made, _ = Subscriber.objects.using(using).update_or_create(system=system, defaults=facts)
    return made


def decide_subscription(*, using: str, subscriber_id: int, approve: bool, by: str, at: datetime) -> Subscriber:
    """Approve or reject. With the approval everything that happened so far is numbered too. Raises CannotSubscribe."""
    with publishing(using=using, at=at):
        subscriber = Subscriber.objects.using(using).select_for_update().get(pk=subscriber_id)
        if subscriber.state != Subscriber.State.REQUESTED:
            raise CannotSubscribe("この申請はもう決定されています")
        if subscriber.requested_by == by:
            raise CannotSubscribe("申請した人は承認できません")
        subscriber.state = Subscriber.State.APPROVED if approve else Subscriber.State.REJECTED
        subscriber.decided_by, subscriber.decided_at = by, at
        subscriber.save(using=using, update_fields=["state", "decided_by", "decided_at"])
        if approve:
            number_for(subscriber, using=using, after=0, at=at)
    return Subscriber.objects.using(using).get(pk=subscriber_id)


def end_subscription(*, using: str, subscriber_id: int, by: str, at: datetime) -> Subscriber:
    """From now on the business gets nothing. Raises CannotSubscribe."""
    with transaction.atomic(using=using):
        subscriber = Subscriber.objects.using(using).select_for_update().get(pk=subscriber_id)
        if subscriber.state != Subscriber.State.APPROVED:
            raise CannotSubscribe("承認されている利用ではありません")
        subscriber.state = Subscriber.State.ENDED
        subscriber.ended_by, subscriber.ended_at = by, at
        subscriber.save(using=using, update_fields=["state", "ended_by", "ended_at"])
    return subscriber
