"""What the gateway tells of 符号 requests and of numbers that 中間サーバー has taken out."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connections, transaction

from tasuke.contracts.unified import CodeProgress

# `requested` begins a request (again after a failure); the others end the very request that they name. A state never
# goes back: progress that is told twice, or late, changes nothing.
_BEGIN = """
UPDATE unified_id_person p
SET linkage_state = 'requested', processing_no = row.processing_no, linkage_error = '', linkage_at = %s
FROM unnest(%s::text[], %s::text[]) AS row (no, processing_no)
WHERE p.unified_no = row.no AND p.state = 'in_use' AND NOT p.code_stale
  AND (p.linkage_state = 'none' OR (p.linkage_state = 'failed' AND p.processing_no <> row.processing_no))
"""
_END = """
UPDATE unified_id_person p
SET linkage_state = row.state, linkage_error = row.error, linkage_at = %s
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS row (no, processing_no, state, error)
WHERE p.unified_no = row.no AND p.processing_no = row.processing_no
  AND p.linkage_state IN ('requested', 'sent') AND p.linkage_state <> row.state
"""
_TOLD = "UPDATE unified_id_person SET told_at = %s WHERE unified_no = ANY(%s) AND state <> 'in_use' AND told_at IS NULL"
# taken out there, whatever has become of the number here since: a person in use needs a new 符号
_RECALLED = """
UPDATE unified_id_person SET code_stale = FALSE, linkage_state = 'none', processing_no = '', linkage_error = ''
WHERE unified_no = ANY(%s) AND state = 'in_use'
"""


def put_progress(*, using: str, changed: Sequence[CodeProgress], removed: Sequence[str], at: datetime) -> None:
    """Take the states over. `sent` is ours to say (the outbox to 住基GW), so it is not taken from the gateway."""
    begun = [c for c in changed if c.state == "requested"]
    ended = [c for c in changed if c.state in ("acquired", "failed")]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_BEGIN, [at, [c.unified_no for c in begun], [c.processing_no for c in begun]])
        cursor.execute(
            _END,
            [
                at,
                [c.unified_no for c in ended],
                [c.processing_no for c in ended],
                [c.state for c in ended],
                [c.error[:200] for c in ended],
            ],
        )
        cursor.execute(_TOLD, [at, list(removed)])
        cursor.execute(_RECALLED, [list(removed)])
