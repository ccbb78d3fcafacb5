"""What was turned away at the door is on record: counted by day, caller, operation and reason.

Counted, since anybody who reaches the port may knock: the table grows by what we know, not by what is thrown at us.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connections

from tasuke.contracts.kit import ContractError, Refused

_ZONE = ZoneInfo("Asia/Tokyo")
_NOTE = """
INSERT INTO transport_rejection (day, client_id, system, body, operation, code, count, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (day, client_id, operation, code)
DO UPDATE SET count = transport_rejection.count + 1, last_at = greatest(transport_rejection.last_at, excluded.last_at)
"""


class TurnedAway(Refused):
    """Refused by the transport itself, before or instead of the provider's own work. code: for the record."""

    def __init__(self, code: str, title: str, errors: tuple[ContractError, ...] = (), *, status: int) -> None:
        super().__init__(title, errors, status=status)
        self.code = code


@dataclass(frozen=True, slots=True)
class Knocking:
    """Who knocked, as far as we know ourselves: never what a stranger only claims to be."""

    client_id: str = ""
    system: str = ""
    body: str = ""


def note_rejection(*, using: str, who: Knocking, operation: str, code: str, at: datetime) -> None:
    """Count one, in a transaction of its own. operation: one that exists, or empty; code: one of ours."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            _NOTE,
            [at.astimezone(_ZONE).date(), who.client_id, who.system, who.body, operation[:100], code[:30], at, at],
        )
