"""A person decides a 疑義: pay it, or send it back."""

from datetime import date, datetime

from django.db import transaction

from tasuke.systems.subsidy.claims.entries import NotPayable, Outcome, accepted_files, decision_entry
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry

__all__ = ["NotAQuery", "NotPayable", "decide_query"]


class NotAQuery(Exception):
    """The claim is not an open query: the import decided it, or somebody has since."""


def decide_query(
    *,
    using: str,
    claim_id: int,
    outcome: Outcome,
    note: str,
    by: str,
    now: datetime,
    booked_month: date | None = None,
    burden: int | None = None,
) -> ClaimEntry:
    """Decide an open query; the decision is a new row of the ledger.

    burden: yen that the patient keeps when it is paid (None: as billed); booked_month: the month in which it counts
    (its first day; None: the month of `now`). Raises NotAQuery, NotPayable, Claim.DoesNotExist.
    """
    with transaction.atomic(using=using):
        claim = Claim.objects.using(using).select_for_update(of=("self",)).get(pk=claim_id)
        if claim.state != "query" or claim.entries.exists():
            raise NotAQuery(f"レセプト{claim_id}は判断待ちの疑義ではありません")
        entry = decision_entry(
            claim,
            outcome=outcome,
            note=note,
            by=by,
            now=now,
            booked_month=booked_month,
            burden=burden,
            accepted_files=accepted_files(using, [claim]),
        )
        entry.save(using=using, force_insert=True)
    return entry
