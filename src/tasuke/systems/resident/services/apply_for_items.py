"""利用申請 and its decision: a system asks for items, an official who is not the applicant approves."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.systems.resident.items import unknown_items
from tasuke.systems.resident.models import Consumer, UsageApplication

_NUMBER_BUSINESSES = frozenset({"032"})  # 団体内統合宛名: the one system that may hold 個人番号


class CannotApply(ValueError):
    """Why an application is not taken; the text is for the official."""


def apply_for_items(
    *,
    using: str,
    system: str,
    name: str,
    business_id: str,
    items: Sequence[str],
    with_my_number: bool,
    legal_basis: str,
    purpose: str,
    valid_from: date,
    valid_to: date | None,
    by: str,
    at: datetime,
) -> UsageApplication:
    """Record an application. Raises CannotApply: unknown items, no ground, 個人番号 for a business that may not."""
    unknown = unknown_items(items)
    if unknown:
        raise CannotApply(f"項目がありません: {', '.join(unknown)}")
    if not items or not legal_basis.strip() or not purpose.strip():
        raise CannotApply("項目、根拠、利用目的が要ります")
    if valid_to is not None and valid_to <= valid_from:
        raise CannotApply("期間の終わりは始まりより後にしてください")
    if with_my_number and business_id not in _NUMBER_BUSINESSES:
        raise CannotApply("個人番号は団体内統合宛名だけに渡します")
    with transaction.atomic(using=using):
        consumer, _ = Consumer.objects.using(using).get_or_create(
            system=system, defaults={"name": name, "business_id": business_id}
        )
        return UsageApplication.objects.using(using).create(
            consumer=consumer,
            items=sorted(set(items)),
            with_my_number=with_my_number,
            legal_basis=legal_basis,
            purpose=purpose,
            valid=(valid_from, valid_to),
            requested_by=by,
            requested_at=at,
        )


class CannotDecide(ValueError):
    """The application is decided already, or by the applicant."""


def decide_application(
    *, using: str, application_id: int, approve: bool, by: str, at: datetime, note: str = ""
) -> UsageApplication:
    """Approve or reject; from its first day on an approval takes the place of the one before. Raises CannotDecide."""
    with transaction.atomic(using=using):
        application = UsageApplication.objects.using(using).select_for_update().get(pk=application_id)
        if application.state != UsageApplication.State.REQUESTED:
            raise CannotDecide("この申請はもう決定されています")
        if application.requested_by == by:
            raise CannotDecide("申請した人は承認できません")
        if approve:
            _make_room(application, using)
        application.state = UsageApplication.State.APPROVED if approve else UsageApplication.State.REJECTED
        application.decided_by, application.decided_at, application.note = by, at, note
        application.save(update_fields=["state", "decided_by", "decided_at", "note"])
    return application


def _make_room(application: UsageApplication, using: str) -> None:
    """What is approved until then goes on until the new approval begins; what would begin later ends."""
    first = application.valid.lower
    approved = UsageApplication.objects.using(using).select_for_update()
    for old in approved.filter(
        consumer=application.consumer_id, state=UsageApplication.State.APPROVED, valid__overlap=application.valid
    ):
        if old.valid.lower < first:
            old.valid = DateRange(old.valid.lower, first)
        else:
            old.state = UsageApplication.State.ENDED
        old.save(update_fields=["state", "valid"])


def end_usage(*, using: str, application_id: int, by: str, at: datetime, note: str) -> UsageApplication:
    """Stop a usage at once: from now on the consumer gets nothing."""
    with transaction.atomic(using=using):
        application = UsageApplication.objects.using(using).select_for_update().get(pk=application_id)
        if application.state != UsageApplication.State.APPROVED:
            raise CannotDecide("承認されている利用ではありません")
        application.state = UsageApplication.State.ENDED
        application.note = f"{note}({by} {at:%Y-%m-%d})"[:400]
        application.save(update_fields=["state", "note"])
    return application
