"""A claim goes back, whatever it is today: a paid one is booked out, an open query is closed without payment."""

from datetime import date, datetime

from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, EntryKind


class NothingToTakeBack(Exception):
    """The claim has gone back already."""


def take_back(
    *, using: str, claim: Claim, reason: str, note: str, by: str, now: datetime, booked_month: date | None = None
) -> ClaimEntry:
    """Book it; the caller holds the claim's lock. booked_month: None takes the month of `now`.

    Raises NothingToTakeBack.
    """
    entries = list(claim.entries.using(using).order_by("id"))
    last = entries[-1] if entries else None
    standing = claim.state if last is None else ("accepted" if last.kind == EntryKind.ACCEPT else "return")
    if standing == "return":
        raise NothingToTakeBack(f"レセプト{claim.pk}は支給の決定がないか、既に過誤としています")
    paid = standing == "accepted"
    amounts = (claim.billed_burden, claim.subsidy, claim.meals_subsidy)
    if last is not None:
        amounts = (last.burden, last.subsidy, last.meals_subsidy)
    burden, subsidy, meals = amounts if paid else (0, 0, 0)
    return ClaimEntry.objects.using(using).create(
        claim=claim,
        kind=EntryKind.RETURN if paid else EntryKind.REFUSE,
        sign=-1 if paid else 0,
        booked_month=(booked_month or now.date()).replace(day=1),
        burden=-burden,
        subsidy=-subsidy,
        meals_subsidy=-meals,
        reason=reason,
        note=note,
        decided_by=by,
        decided_at=now,
    )
