"""Approve or refuse what another person asked for."""

from datetime import datetime

from django.db import transaction

from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.roles import roles

USING = "accounts"


class GrantDecisionRefused(ValueError):
    """Why this person may not decide this request now, in Japanese."""


def decide_grant(*, grant_id: int, approve: bool, by: str, at: datetime) -> Grant:
    """Decide. Neither who asked nor who would get it may decide; the table holds the same rule.

    Raises GrantDecisionRefused and Grant.DoesNotExist.
    """
    with transaction.atomic(using=USING):
        grant = Grant.objects.using(USING).select_for_update(of=("self",)).get(pk=grant_id)
        if grant.state != GrantState.REQUESTED:
            raise GrantDecisionRefused(f"承認待ちではありません({grant.get_state_display()})")
        if by == grant.requested_by:
            raise GrantDecisionRefused("申請した人は承認できません。別の人が決定してください")
        if by == grant.user_id:
            raise GrantDecisionRefused("自分の権限は決定できません。別の人が決定してください")
        if approve:
            _check_exclusions(grant)
        grant.state = GrantState.APPROVED if approve else GrantState.REFUSED
        grant.decided_at, grant.decided_by = at, by
        grant.save(using=USING, update_fields=["state", "decided_at", "decided_by"])
    return grant


def _check_exclusions(grant: Grant) -> None:
    """Nobody drafts and approves payments, nobody manages rights and audits, at the same time."""
    held = Grant.objects.using(USING).approved().of_person(str(grant.user_id)).filter(valid__overlap=grant.valid)
    known = roles()
    for other in held:
        if other.role in known[grant.role].excludes or grant.role in known[other.role].excludes:
            raise GrantDecisionRefused(f"「{other.role_label}」と同じ期間には持てません")
