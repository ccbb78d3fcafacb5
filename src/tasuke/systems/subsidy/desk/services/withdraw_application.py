"""取下げ: the applicant takes an application back before it is decided."""

from django.db import transaction

from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.entitlements.services.decide_one import NotWaiting


def withdraw_application(*, using: str, application_id: int) -> Application:
    """Raises NotWaiting when it is decided already."""
    with transaction.atomic(using=using):
        application = Application.objects.using(using).select_for_update(of=("self",)).get(pk=application_id)
        if application.state not in (ApplicationState.RECEIVED, ApplicationState.HELD):
            raise NotWaiting(f"{application.application_no}: {application.get_state_display()}")
        application.state = ApplicationState.WITHDRAWN
        application.save(using=using, update_fields=["state"])
    return application
