"""A person decides several 疑義 in the same way: one statement to read them, one to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tasuke.platform.accounts.staff import staff_name
from tasuke.systems.subsidy.claims.entries import NotPayable, Outcome, accepted_files, decision_entry
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that was left as it is, and why."""

    claim: Claim
    message: str


@dataclass(frozen=True, slots=True)
class DecidedQueries:
    """What was booked, and what could not be."""

    entries: Sequence[ClaimEntry]
    refused: Sequence[Refused]


def decide_queries(
    *,
    using: str,
    claim_ids: Sequence[int],
    outcome: Outcome,
    note: str,
    by: str,
    now: datetime,
    within: Q | None = None,
) -> DecidedQueries:
    """Decide open queries with the same outcome and note; amounts as billed, booked in the month of `now`.

    within: predicate on claims, the limits of whoever decides; what lies outside does not exist. A claim that somebody
    else has decided meanwhile, or that cannot be paid, stays as it is and is told; the others are booked.
    """
    with transaction.atomic(using=using):
        found = Claim.objects.using(using).filter(within or Q(), pk__in=claim_ids).order_by("pk")
        claims = list(found.select_for_update(of=("self",)))
        decided = {e.claim_id: e for e in ClaimEntry.objects.using(using).filter(claim__in=claims).order_by("pk")}
        accepted = accepted_files(using, claims)
        entries, refused = [], []
        for claim in claims:
            reason = _why_not(claim, decided.get(claim.pk))
            if reason:
                refused.append(Refused(claim, reason))
                continue
            try:
                made = decision_entry(
                    claim,
                    outcome=outcome,
                    note=note,
                    by=by,
                    now=now,
                    booked_month=None,
                    burden=None,
                    accepted_files=accepted,
                )
            except NotPayable as error:
                refused.append(Refused(claim, str(error)))
            else:
                entries.append(made)
        ClaimEntry.objects.using(using).bulk_create(entries)
    return DecidedQueries(entries, refused)


def _why_not(claim: Claim, entry: ClaimEntry | None) -> str:
    if claim.state != "query":
        return "疑義ではありません"
    return f"{staff_name(entry.decided_by)} が先に判断しています({entry.get_kind_display()})" if entry else ""
