"""試算: what would be decided on a paper as typed. Received and judged for real, then taken back."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from tasuke.systems.subsidy.desk.filing import faults_by_field, file_paper
from tasuke.systems.subsidy.entitlements.services.decide_one import CounterDecision, decide_one
from tasuke.systems.subsidy.entitlements.services.receive_application import receive_application

_NEW = "1"


def preview_sheet(*, using: str, content: Mapping[str, str], on: date, now: datetime) -> CounterDecision | None:
    """The decision with its explanation; None while the paper cannot be read, or for a change. Writes nothing.

    Raises NoVersionInForce.
    """
    filed, problems = file_paper(content, number="試算")
    if faults_by_field(problems) or filed.is_empty() or content.get("kind") != _NEW:
        return None
    with transaction.atomic(using=using):
        application = receive_application(using=using, filed=filed, now=now)
        decision = decide_one(using=using, application_id=application.pk, on=on, now=now, trial=True)
        transaction.set_rollback(True, using=using)
    return decision
