"""届出の記録: what was previewed, in one transaction: the registers, the entitlements, the certificates called back."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connections, transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.certificates.models import Certificate, CertificateState
from tasuke.systems.subsidy.desk.effects import RECALL, Effect, concerned_by
from tasuke.systems.subsidy.desk.models import Notification
from tasuke.systems.subsidy.desk.notification_writing import Draft, write_facts
from tasuke.systems.subsidy.desk.services.preview_notification import preview_notification
from tasuke.systems.subsidy.entitlements.services.settle_people import settle_people
from tasuke.systems.subsidy.profile import active_profile


class ToldMeanwhile(Exception):
    """Somebody recorded a 届出 of the same persons after the form was opened here. theirs: the newest first."""

    def __init__(self, theirs: list[Notification]) -> None:
        super().__init__(f"{theirs[0].recorded_name}が先に届出を記録しました")
        self.theirs = theirs


class EffectChanged(Exception):
    """The effect is not the one that was previewed (or there was no preview): it has to be looked at again."""

    def __init__(self, effect: Effect) -> None:
        super().__init__("影響が、確かめたときと変わりました")
        self.effect = effect


def record_notification(
    *, using: str, draft: Draft, seen: int, digest: str, actor: Actor, on: date, now: datetime
) -> Notification:
    """Record a 届出 whose effect was previewed. A change that holds later is in the registers at once; apply-changes
    acts on it on its day. A kind that the profile wants compared with the paper by another person changes nothing yet.

    seen: the last 届出 of these persons when the form was opened; digest: of the effect that was shown.
    Raises ToldMeanwhile, EffectChanged.
    """
    with transaction.atomic(using=using):
        one_at_a_time(using, draft.people)
        theirs = Notification.objects.using(using).filter(atena_no__in=draft.people, pk__gt=seen).order_by("-pk")
        if newer := list(theirs[:10]):
            raise ToldMeanwhile(newer)
        effect = preview_notification(using=using, draft=draft, on=on, now=now)
        if effect.digest != digest:
            raise EffectChanged(effect)
        waits = active_profile().processing.checks_notification(draft.kind)
        told = Notification.objects.using(using).create(
            kind=draft.kind,
            atena_no=draft.atena_no,
            ward_code=draft.ward_code,
            received_on=draft.received_on,
            channel=draft.channel,
            effective_on=draft.effective_on,
            content={**draft.content, "people": ";".join(draft.people)},
            effect=effect.as_json(),
            recorded_at=now,
            recorded_by=actor.personal_id,
            recorded_name=actor.name,
            needs_check=waits,
        )
        if not waits:
            put_into_force(using=using, draft=draft, effect=effect, number=told.number, on=on, now=now)
    return told


def put_into_force(*, using: str, draft: Draft, effect: Effect, number: str, on: date, now: datetime) -> None:
    """The 届出 enters the registers, entitlements are settled by it, certificates called back. In the caller's
    transaction; effect: as previewed just now."""
    write_facts(using=using, draft=draft, number=number, now=now)
    if draft.judged:
        people = concerned_by(using=using, people=draft.people, on=on)
        settle_people(using=using, atena_nos=people, on=on, now=now)
    if not effect.later:
        called_back = [c["certificate_id"] for c in effect.certificates if c["act"] == RECALL]
        held = Certificate.objects.using(using).live().filter(pk__in=called_back)
        held.update(state=CertificateState.RECALL)


def one_at_a_time(using: str, people: Iterable[str]) -> None:
    """Two people who record for the same person wait for each other; the lock goes with the transaction."""
    with connections[using].cursor() as cursor:
        for atena_no in sorted(people):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"notification:{atena_no}"])
