"""Allow one machine to register itself: a ticket that is typed on that machine."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.sessions import session_hash

USING = "accounts"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 16  # 79 bits
VALID_FOR = timedelta(minutes=15)


class TerminalLabelTaken(ValueError):
    """Two machines of one name could not be told apart in the audit trail."""


def prepare_terminal(*, label: str, office: str, by: str, at: datetime) -> tuple[Terminal, str]:
    """Create the terminal; returns it and its ticket, which is shown once. Raises TerminalLabelTaken."""
    ticket = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    terminal = Terminal(
        label=label,
        office=office,
        ticket_hash=session_hash(ticket),
        ticket_until=at + VALID_FOR,
        created_at=at,
        created_by=by,
    )
    try:
        with transaction.atomic(using=USING):
            terminal.save(using=USING, force_insert=True)
    except IntegrityError as error:
        raise TerminalLabelTaken(f"端末名「{label}」はすでに使われています") from error
    return terminal, "-".join(ticket[i : i + 4] for i in range(0, _LENGTH, 4))
