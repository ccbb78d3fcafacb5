"""過誤 after the decision: an accepted claim goes back, its amount is taken out of the ledger by a negative row."""

from datetime import date, datetime

from django.db import transaction

from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, EntryKind
from tasuke.systems.subsidy.claims.reasons import ClaimReason


class NotAccepted(Exception):
    """The claim is not paid: a query, or returned already."""


def return_claim(
    *,
    using: str,
    claim_id: int,
    reason: ClaimReason,
    note: str,
    by: str,
    now: datetime,
    booked_month: date | None = None,
) -> ClaimEntry:
    """Take an accepted claim back. booked_month: the month in which it counts; None takes the month of `now`.

    Raises NotAccepted and Claim.DoesNotExist.
    """
    with transaction.atomic(using=using):
        claim = Claim.objects.using(using).select_for_update(of=("self",)).get(pk=claim_id)
        entries = list(claim.entries.order_by("id"))
        accepted = entries[-1].kind == EntryKind.ACCEPT if entries else claim.state == "accepted"
        if not accepted:
            raise NotAccepted(f"レセプト{claim_id}は支給の決定がないか、既に過誤としています")
        paid = entries[-1] if entries else None
        return ClaimEntry.objects.using(using).create(
            claim=claim,
            kind=EntryKind.RETURN,
            sign=-1,
            booked_month=(booked_month or now.date()).replace(day=1),
            burden=-(paid.burden if paid else claim.billed_burden),
            subsidy=-(paid.subsidy if paid else claim.subsidy),
            meals_subsidy=-(paid.meals_subsidy if paid else claim.meals_subsidy),
            reason=reason.value,
            note=note,
            decided_by=by,
            decided_at=now,
        )
