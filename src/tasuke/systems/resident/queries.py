"""How far the consumers are, what was applied for, delivered and refused: nothing of a resident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, OuterRef, Q

from tasuke.platform.transport.models import Outgoing
from tasuke.systems.resident.items import ITEMS
from tasuke.systems.resident.models import (
    Consumer,
    DeliveryRecord,
    HouseholdRecord,
    IntakeFault,
    IntakePosition,
    Refusal,
    UsageApplication,
)


@dataclass(frozen=True, slots=True)
class ConsumerLine:
    """One consumer. lag: events that it has not confirmed; usage: the approval in force on the day."""

    consumer: Consumer
    usage: UsageApplication | None

    @property
    def lag(self) -> int:
        """Events given a number and not confirmed."""
        return self.consumer.last_sequence - self.consumer.confirmed


def consumers(*, using: str, on: date) -> Sequence[ConsumerLine]:
    """Every consumer with its approval in force."""
    approved = UsageApplication.objects.using(using).filter(state=UsageApplication.State.APPROVED, valid__contains=on)
    usages = {usage.consumer_id: usage for usage in approved}
    return [ConsumerLine(c, usages.get(c.pk)) for c in Consumer.objects.using(using).order_by("system")]


def usages(*, using: str, before: int | None, limit: int) -> Sequence[UsageApplication]:
    """Applications, newest first, older than an id."""
    rows = UsageApplication.objects.using(using).select_related("consumer").order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def usage(*, using: str, application_id: int) -> UsageApplication | None:
    """One application, or None."""
    return UsageApplication.objects.using(using).select_related("consumer").filter(pk=application_id).first()


def item_labels(names: Sequence[str]) -> list[str]:
    """Items in the words of the layout."""
    return [ITEMS.get(name, name) for name in names]


def records(*, using: str, before: int | None, limit: int) -> Sequence[DeliveryRecord]:
    """情報連携記録, newest first, older than an id."""
    rows = DeliveryRecord.objects.using(using).select_related("consumer").order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def refusals(*, using: str, before: int | None, limit: int) -> Sequence[Refusal]:
    """What was not given, newest first, older than an id."""
    rows = Refusal.objects.using(using).order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def intake_positions(*, using: str) -> Sequence[IntakePosition]:
    """How far what senders tell at once is in."""
    return list(IntakePosition.objects.using(using).order_by("sender"))


def intake_faults(*, using: str, before: int | None, limit: int) -> Sequence[IntakeFault]:
    """Events that could not be used, or only with a doubt, newest first, older than an id."""
    rows = IntakeFault.objects.using(using).order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def household_records(*, using: str, before: int | None, limit: int) -> Sequence[HouseholdRecord]:
    """情報連携記録 of 世帯情報, newest first, older than an id; `outgoing_state`: where its message is."""
    message = Outgoing.objects.using(using).filter(provider="gateway", key=OuterRef("message_key"))
    rows = HouseholdRecord.objects.using(using).order_by("-id").annotate(outgoing_state=message.values("state")[:1])
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def letters(*, using: str) -> dict[str, int]:
    """Messages of the outbox: waiting, dead."""
    counts = Outgoing.objects.using(using).aggregate(
        waiting=Count("id", filter=Q(state=Outgoing.State.WAITING)),
        dead=Count("id", filter=Q(state=Outgoing.State.DEAD)),
    )
    return {name: int(count) for name, count in counts.items()}
