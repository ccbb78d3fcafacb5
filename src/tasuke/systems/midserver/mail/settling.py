"""The end of inquiries: each gets a result number, under which the municipality fetches it."""

from collections.abc import Mapping
from datetime import datetime

from tasuke.systems.midserver.tenancy import Inside


def refuse_inquiries(room: Inside, reasons: Mapping[int, str], *, at: datetime) -> int:
    """Inquiries that will never be answered: id → why, in Japanese. Those that have an end already keep it."""
    if not reasons:
        return 0
    first = room.take("result", len(reasons))
    room.cursor.execute(
        """
        UPDATE inquiry SET state = 'refused', outcome = 'refused', reason = n.reason, settled_at = %s,
            result_seq = n.seq
        FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS n (id, reason, seq)
        WHERE inquiry.id = n.id AND inquiry.state IN ('registered', 'sent')
        """,
        [at, list(reasons), list(reasons.values()), list(range(first, first + len(reasons)))],
    )
    return int(room.cursor.rowcount)
