"""A 符号 that could not be obtained is asked for once more."""

from datetime import datetime

from tasuke.platform.audit import Recorder
from tasuke.systems.unified_id.models import BusinessNumber, LinkageState, Person, PersonState


class NothingToRequest(ValueError):
    """The person's 符号 has not failed, in words for the screen."""


def request_code_again(*, using: str, unified_no: str, audit: Recorder, at: datetime) -> None:
    """The gateway finds the person among those who need a 符号. Raises NothingToRequest."""
    changed = (
        Person.objects.using(using)
        .filter(pk=unified_no, state=PersonState.IN_USE, linkage_state=LinkageState.FAILED)
        .update(linkage_state=LinkageState.NONE, processing_no="", linkage_error="", linkage_at=at)
    )
    if not changed:
        raise NothingToRequest("符号の取得に失敗していないため、やり直す必要はありません")
    people = BusinessNumber.objects.using(using).filter(person_id=unified_no, unlinked_at__isnull=True)
    audit.changed(people.values_list("atena_no", flat=True), "linkage-code", after={"state": "none"})
