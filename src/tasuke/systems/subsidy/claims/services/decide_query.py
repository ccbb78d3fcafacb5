"""A person decides a 疑義: pay it, or send it back."""

from datetime import date, datetime
from typing import Literal

from django.db import transaction

from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, EntryKind


class NotAQuery(Exception):
    """The claim is not an open query: the import decided it, or somebody has since."""


class NotPayable(Exception):
    """The claim cannot be paid: no entitlement, or a burden outside what the care cost."""


def decide_query(
    *,
    using: str,
    claim_id: int,
    outcome: Literal["accept", "return"],
    note: str,
    by: str,
    now: datetime,
    booked_month: date | None = None,
    burden: int | None = None,
) -> ClaimEntry:
    """Decide an open query; the decision is a new row of the ledger.

    in which it counts (its first day); None takes the month of `now`. Raises NotAQuery, NotPayable, DoesNotExist.
    in which it counts (its first day); None takes the month of `now`. Raises NotAQuery, NotPayable, Claim.DoesNotExist.
    """
    with transaction.atomic(using=using):
        claim = Claim.objects.using(using).select_for_update(of=("self",)).get(pk=claim_id)
        if claim.state != "query" or claim.entries.exists():
            raise NotAQuery(f"レセプト{claim_id}は判断待ちの疑義ではありません")
        month = (booked_month or now.date()).replace(day=1)
        entry = ClaimEntry(
            claim=claim, booked_month=month, note=note, decided_by=by, decided_at=now, reason=claim.reasons[0]
        )
        if outcome == "accept":
            _fill_accepted(entry, claim, claim.billed_burden if burden is None else burden)
        else:
            entry.kind, entry.sign = EntryKind.REFUSE, 0
            entry.burden = entry.subsidy = entry.meals_subsidy = 0
        entry.save(using=using, force_insert=True)
    return entry


def _fill_accepted(entry: ClaimEntry, claim: Claim, burden: int) -> None:
    if not claim.atena_no or not claim.scheme or claim.entitlement_id is None:
        raise NotPayable("受給資格に結び付いていない請求は支給できません")
    if not 0 <= burden <= claim.basis:
        raise NotPayable(f"一部負担金は0円から{claim.basis}円までの間でなければなりません")
    entry.kind, entry.sign = EntryKind.ACCEPT, 1
    entry.burden, entry.subsidy, entry.meals_subsidy = burden, claim.basis - burden, claim.expected_meals
