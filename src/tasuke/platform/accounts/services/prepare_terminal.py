"""Allow one machine to be used: by a ticket that is typed on that machine, or by its client certificate."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from tasuke.platform.accounts.certificates import read_fingerprint, secret_of_fingerprint
from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.sessions import session_hash

USING = "accounts"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 16  # 79 bits
VALID_FOR = timedelta(minutes=15)


class TerminalLabelTaken(ValueError):
    """Two machines of one name could not be told apart in the audit trail."""


class CertificateTaken(ValueError):
    """The certificate is that of another terminal."""


def register_certificate(*, label: str, office: str, fingerprint: str, by: str, at: datetime) -> Terminal:
    """Register a machine by the SHA-256 fingerprint of its client certificate; no ticket is needed.

    Raises TerminalLabelTaken, CertificateTaken and FingerprintUnreadable.
    """
    known = session_hash(secret_of_fingerprint(read_fingerprint(fingerprint)))
    terminal = Terminal(label=label, office=office, secret_hash=known, registered_at=at, created_at=at, created_by=by)
    with transaction.atomic(using=USING):
        # one at a time, so that two administrators do not both find it free
        live = list(Terminal.objects.using(USING).select_for_update().filter(revoked_at=None))
        if any(other.secret_hash == known for other in live):
            raise CertificateTaken("この証明書は別の端末に登録されています")
        _save(terminal)
    return terminal


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
    _save(terminal)
    return terminal, "-".join(ticket[i : i + 4] for i in range(0, _LENGTH, 4))


def _save(terminal: Terminal) -> None:
    try:
        with transaction.atomic(using=USING):
            terminal.save(using=USING, force_insert=True)
    except IntegrityError as error:
        raise TerminalLabelTaken(f"端末名「{terminal.label}」はすでに使われています") from error
