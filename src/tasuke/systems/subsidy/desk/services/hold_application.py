"""保留: an application waits, with what is missing written down; the second of two who write is told."""

from django.db import transaction

from tasuke.platform.accounts.staff import staff_name
from tasuke.platform.audit.models import AuditEvent
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.entitlements.services.decide_one import NotWaiting

HELD = "hold"  # as the audit trail calls it


class HeldMeanwhile(Exception):
    """Somebody wrote another list of missing papers after the page was opened. theirs: their words; by: who."""

    def __init__(self, theirs: str, by: str) -> None:
        super().__init__(f"{staff_name(by)}が先に保留にしました" if by else "ほかの職員が先に保留にしました")
        self.theirs = theirs


def hold_application(*, using: str, application_id: int, missing: str, seen: str) -> Application:
    """Hold with the missing papers. seen: the list as it stood when the page was opened.

    Raises NotWaiting when it is decided already, HeldMeanwhile.
    """
    with transaction.atomic(using=using):
        application = Application.objects.using(using).select_for_update(of=("self",)).get(pk=application_id)
        if application.state not in (ApplicationState.RECEIVED, ApplicationState.HELD):
            raise NotWaiting(f"{application.application_no}: {application.get_state_display()}")
        if application.missing_documents != seen:
            raise HeldMeanwhile(application.missing_documents, _who_held(using, application))
        application.state, application.missing_documents = ApplicationState.HELD, missing
        application.save(using=using, update_fields=["state", "missing_documents"])
    return application


def _who_held(using: str, application: Application) -> str:
    """Who wrote the list that stands, by the audit trail; "" for a list that came with the application."""
    told = AuditEvent.objects.using(using).filter(
        kind="changed", atena_no=application.atena_no, detail__contains=f'"what":"{HELD} {application.pk}"'
    )
    return told.order_by("-pk").values_list("personal_id", flat=True).first() or ""
