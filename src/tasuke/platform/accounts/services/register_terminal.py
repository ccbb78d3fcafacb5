"""A machine takes its ticket and becomes a registered terminal."""

import secrets
from datetime import datetime

from django.db import transaction

from tasuke.platform.accounts.models import Terminal
from tasuke.platform.accounts.sessions import session_hash

USING = "accounts"


class TicketRefused(ValueError):
    """The ticket is unknown, used, or too old: which of these is not told."""


def register_terminal(*, ticket: str, at: datetime) -> tuple[Terminal, str]:
    """Use a ticket up; returns the terminal and the secret for its cookie. Raises TicketRefused."""
    typed = ticket.strip().upper().replace("-", "").replace(" ", "")
    with transaction.atomic(using=USING):
        terminal = (
            Terminal.objects.using(USING)
            .select_for_update()
            .filter(ticket_hash=session_hash(typed), ticket_until__gt=at, registered_at=None, revoked_at=None)
            .exclude(ticket_hash="")
            .first()
        )
        if terminal is None:
            raise TicketRefused("登録番号が違うか、期限が切れています。管理者に発行し直してもらってください")
        secret = secrets.token_urlsafe(32)
        terminal.secret_hash, terminal.ticket_hash, terminal.ticket_until = session_hash(secret), "", None
        terminal.registered_at = at
        terminal.save(using=USING)
    return terminal, secret


def is_registered(*, terminal_id: int, secret: str) -> bool:
    """Whether this id and secret are those of a terminal that is not revoked."""
    live = Terminal.objects.using(USING).filter(pk=terminal_id, revoked_at=None, registered_at__isnull=False)
    return live.filter(secret_hash=session_hash(secret)).exclude(secret_hash="").exists()
