"""A person has dealt with a change that could not be taken, or only with a warning."""

from datetime import datetime

from django.db.models import Q

from tasuke.systems.subsidy.registry.models import ChangeProblem


def settle_change_problem(*, using: str, problem_id: int, reason: str, by: str, at: datetime) -> ChangeProblem | None:
    """Settle everything that was told of this change, and the same warning of the same person before.

    None when it is settled already, by whomever.
    """
    rows = ChangeProblem.objects.using(using).filter(settled_at__isnull=True)
    problem = rows.select_for_update().filter(pk=problem_id).first()
    if problem is not None:
        same = Q(provider=problem.provider, sequence=problem.sequence)
        if problem.taken:
            said = Q(taken=True, code=problem.code, message=problem.message)
            same |= said & Q(atena_no=problem.atena_no, pk__lt=problem.pk)
        rows.filter(same).update(settled_at=at, settled_by=by, settled_reason=reason)
    return problem
