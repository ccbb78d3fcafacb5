"""照会の取りやめ: possible until an inquiry is put into a letter."""

from collections.abc import Sequence
from datetime import datetime

from tasuke.systems.midserver.tenancy import Inside


def cancel_inquiries(room: Inside, *, record_ids: Sequence[str], at: datetime) -> list[bytes]:
    """Cancel those that were not sent; the others stay as they are. Gives the persons of those cancelled."""
    rows = room.rows(
        "UPDATE inquiry SET state = 'cancelled', settled_at = %s"
        " WHERE record_id = ANY(%s) AND state = 'registered' RETURNING person_key",
        [at, list(record_ids)],
    )
    return [bytes(row[0]) for row in rows]
