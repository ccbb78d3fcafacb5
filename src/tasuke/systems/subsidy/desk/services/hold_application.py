"""保留: an application waits for papers that are missing."""

from django.db import transaction

from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.entitlements.services.decide_one import NotWaiting


def hold_application(*, using: str, application_id: int, missing: str) -> Application:
    """Set the missing papers and hold it; it is judged again when they have come. Raises NotWaiting."""
    with transaction.atomic(using=using):
        application = Application.objects.using(using).select_for_update(of=("self",)).get(pk=application_id)
        if application.state not in (ApplicationState.RECEIVED, ApplicationState.HELD):
            raise NotWaiting(f"{application.application_no}: {application.get_state_display()}")
        application.state, application.missing_documents = ApplicationState.HELD, missing
        application.save(using=using, update_fields=["state", "missing_documents"])
    return application
