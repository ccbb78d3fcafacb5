"""Compare a 個人番号 that was shown at the counter with a person, through 団体内統合宛名; keep what came out."""

from dataclasses import dataclass
from datetime import datetime

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.links import match_my_number
from tasuke.systems.subsidy.desk.models import IdentityCheck, IdentityDocument, IdentityResult
from tasuke.systems.subsidy.desk.typed_number import TypedNumber


class NotCompared(Exception):
    """Why the number was not compared, in words for the screen (too many attempts)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown: whose it should be, for which application (None: none), from which document, the number."""

    atena_no: str
    application_id: int | None
    ward_code: str
    document: IdentityDocument
    number: TypedNumber


def check_identity(*, using: str, shown: Shown, actor: Actor, purpose: str, label: str, at: datetime) -> IdentityCheck:
    """Ask, and write the answer beside the application. purpose: code, kept; label: its words, for the provider.

    Raises NotCompared, and Unreachable or Refused of the link; nothing is written then.
    """
    reply = match_my_number(atena_no=shown.atena_no, number=shown.number, personal_id=actor.personal_id, purpose=label)
    if reply.refused:
        raise NotCompared(reply.refused)
    if not reply.known:
        result = IdentityResult.UNREGISTERED
    else:
        result = IdentityResult.SAME if reply.matches else IdentityResult.DIFFERENT
    return IdentityCheck.objects.using(using).create(
        atena_no=shown.atena_no,
        application_id=shown.application_id,
        ward_code=shown.ward_code,
        document=shown.document,
        result=result,
        purpose=purpose,
        checked_at=at,
        checked_by=actor.personal_id,
        checked_name=actor.name,
    )
