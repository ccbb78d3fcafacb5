"""A person decides on a file whose totals differ: its claims are paid as they were computed, or none of them."""

from datetime import date, datetime

from django.db import connections, transaction

from tasuke.platform.exchange.services.record_files import decide_held_file
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE, EntryKind
from tasuke.systems.subsidy.claims.reasons import INFO, ClaimReason, ClaimState

_ENTRIES = """
INSERT INTO subsidy_claim_entry
    (claim_id, kind, sign, booked_month, burden, subsidy, meals_subsidy, reason, note, decided_by, decided_at)
SELECT c.id, %(kind)s, %(sign)s, %(month)s, %(sign)s * c.billed_burden, %(sign)s * c.expected_subsidy,
    %(sign)s * c.expected_meals, %(reason)s, %(note)s, %(by)s, %(now)s
FROM subsidy_claim c
WHERE c.id >= %(first)s AND c.id < %(end)s AND c.state = 'query' AND NOT (c.reasons && %(other)s::varchar[])
    AND NOT EXISTS (SELECT FROM subsidy_claim_entry e WHERE e.claim_id = c.id)
"""


def decide_file(
    *, using: str, file_id: int, accept: bool, note: str, by: str, now: datetime, booked_month: date | None = None
) -> int:
    """Accept or reject a held file; gives the number of claims booked.

    Accepted: every claim that waited for the file alone gets an ACCEPT entry with the amounts that were computed; a
    claim with a doubt of its own stays a query. Rejected: every open query of the file is refused, so that the
    corrected file can come. The claims themselves are never changed. Raises NotHeld, InboundFile.DoesNotExist.
    """
    month = (booked_month or now.date()).replace(day=1)
    with transaction.atomic(using=using):
        decide_held_file(using=using, file_id=file_id, accept=accept, note=note, by=by, now=now)
        with connections[using].cursor() as cursor:
            cursor.execute(
                _ENTRIES,
                {
                    "kind": (EntryKind.ACCEPT if accept else EntryKind.REFUSE).value,
                    "sign": int(accept),
                    "month": month,
                    "reason": ClaimReason.FILE_TOTALS_DIFFER.value,
                    "note": note,
                    "by": by,
                    "now": now,
                    "first": file_id * LINES_PER_FILE,
                    "end": (file_id + 1) * LINES_PER_FILE,
                    "other": _others() if accept else [],
                },
            )
            return int(cursor.rowcount)


def _others() -> list[str]:
    """Reasons for which a claim waits besides its file."""
    return [
        reason.value
        for reason, info in INFO.items()
        if info.state is not ClaimState.ACCEPTED and reason is not ClaimReason.FILE_TOTALS_DIFFER
    ]
