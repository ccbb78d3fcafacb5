"""What a decision on a query books: a claim in, a row of the ledger out."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal

from tasuke.platform.exchange.models import InboundFile, InboundState
from tasuke.systems.subsidy.claims.models import Claim, ClaimEntry, EntryKind
from tasuke.systems.subsidy.claims.reasons import ClaimReason

Outcome = Literal["accept", "return"]


class NotPayable(Exception):
    """The claim cannot be paid: no entitlement, or a burden outside what the care cost."""


def decision_entry(
    claim: Claim,
    *,
    outcome: Outcome,
    note: str,
    by: str,
    now: datetime,
    booked_month: date | None,
    burden: int | None,
    accepted_files: Collection[int],
) -> ClaimEntry:
    """The entry, not saved. burden: yen that the patient keeps, None = as billed. Raises NotPayable.

    accepted_files: files whose totals differ and that a person has accepted.
    """
    month = (booked_month or now.date()).replace(day=1)
    entry = ClaimEntry(
        claim=claim, booked_month=month, note=note, decided_by=by, decided_at=now, reason=claim.reasons[0]
    )
    if outcome == "accept":
        if ClaimReason.FILE_TOTALS_DIFFER.value in claim.reasons and claim.file_id not in accepted_files:
            raise NotPayable("ファイルの合計が合いません。先に、ファイルを承認するか差し戻してください")
        _fill_accepted(entry, claim, claim.billed_burden if burden is None else burden)
    else:
        entry.kind, entry.sign = EntryKind.REFUSE, 0
        entry.burden = entry.subsidy = entry.meals_subsidy = 0
    return entry


def _fill_accepted(entry: ClaimEntry, claim: Claim, burden: int) -> None:
    if not claim.atena_no or not claim.scheme or claim.entitlement_id is None:
        raise NotPayable("受給資格に結び付いていない請求は支給できません")
    if not 0 <= burden <= claim.basis:
        raise NotPayable(f"一部負担金は0円から{claim.basis:,}円までの間でなければなりません")
    entry.kind, entry.sign = EntryKind.ACCEPT, 1
    entry.burden, entry.subsidy, entry.meals_subsidy = burden, claim.basis - burden, claim.expected_meals


def accepted_files(using: str, claims: Collection[Claim]) -> set[int]:
    """Of the files of these claims those that a person has accepted although their totals differ."""
    files = InboundFile.objects.using(using).filter(pk__in={c.file_id for c in claims}, state=InboundState.ACCEPTED)
    return set(files.values_list("pk", flat=True))
