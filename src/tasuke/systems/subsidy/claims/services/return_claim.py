"""過誤 after the decision: an accepted claim goes back, its amount is taken out of the ledger by a negative row."""

from datetime import date, datetime

from django.db import transaction

from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, EntryKind
from tasuke.systems.subsidy.claims.reasons import ClaimReason
from tasuke.systems.subsidy.claims.services.take_back import take_back


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
        last = claim.entries.order_by("id").last()
        accepted = last.kind == EntryKind.ACCEPT if last else claim.state == "accepted"
        if not accepted:
            raise NotAccepted(f"レセプト{claim_id}は支給の決定がないか、既に過誤としています")
        return take_back(
            using=using, claim=claim, reason=reason.value, note=note, by=by, now=now, booked_month=booked_month
        )
