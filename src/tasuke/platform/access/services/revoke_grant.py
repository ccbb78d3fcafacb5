"""Take a role away before its period ends."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.access.models import Grant, GrantState

USING = "accounts"


class NothingToRevoke(ValueError):
    """Only an approved grant can be revoked."""


def revoke_grant(*, grant_id: int, reason: str, by: str, at: datetime) -> Grant:
    """Revoke; it holds from the next request on. Raises NothingToRevoke and Grant.DoesNotExist."""
    with transaction.atomic(using=USING):
        grant = Grant.objects.using(USING).select_for_update(of=("self",)).get(pk=grant_id)
        if grant.state != GrantState.APPROVED:
            raise NothingToRevoke(f"取り消せる権限ではありません({grant.get_state_display()})")
        grant.state, grant.revoked_at, grant.revoked_by, grant.revoke_reason = GrantState.REVOKED, at, by, reason
        grant.save(using=USING, update_fields=["state", "revoked_at", "revoked_by", "revoke_reason"])
    return grant
