"""単件検索 by 個人番号 at the counter of a business, and the limits under which a person may ask by one at all."""

from dataclasses import dataclass
from datetime import datetime

from tasuke.platform.audit import EventKind, Recorder
from tasuke.systems.unified_id.guessing import may_find, too_many
from tasuke.systems.unified_id.models import BusinessNumber, NumberQuestion, NumberRow
from tasuke.systems.unified_id.my_number import MyNumber, index_of
from tasuke.systems.unified_id.services.match_my_number import Match, match_my_number


@dataclass(frozen=True, slots=True)
class NotAsked(Exception):
    """Why nothing was looked for, in words for the screen. It is on record: the caller answers it and does not fail."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks at a counter: a person of a system, for a purpose, at a moment."""

    system: str
    personal_id: str
    purpose: str
    at: datetime


def find_my_number(*, using: str, business_id: str, number: MyNumber, asker: Asker, audit: Recorder) -> tuple[str, ...]:
    """宛名番号 of this business of whoever has the number now, in order; () for nobody.

    Compared by keyed index: nothing is decrypted. Must run in the transaction into which `audit` is flushed. Raises
    NotAsked; the refusal goes to the trail as well.
    """
    reason = "" if may_find(system=asker.system, business_id=business_id, at=asker.at) else _NOT_ALLOWED
    _admit(using, asker, audit, NumberQuestion.Kind.FIND, business_id, reason)
    rows = NumberRow.objects.using(using).filter(keyed_index=index_of(number), ended_at__isnull=True)
    links = BusinessNumber.objects.using(using).filter(
        person_id__in=rows.values("person_id"), business_id=business_id, unlinked_at__isnull=True
    )
    found = tuple(links.order_by("atena_no").values_list("atena_no", flat=True))
    _note(using, asker, NumberQuestion.Kind.FIND, business_id, found=bool(found))
    audit.searched("my_number", len(found), found)
    return found


def match_at_counter(*, using: str, atena_no: str, number: MyNumber, asker: Asker, audit: Recorder) -> Match:
    """`match_my_number` for a person at a counter: limited, and on record. Raises NotAsked."""
    _admit(using, asker, audit, NumberQuestion.Kind.MATCH, "", "")
    match = match_my_number(using=using, atena_no=atena_no, number=number)
    _note(using, asker, NumberQuestion.Kind.MATCH, "", found=match.matches)
    audit.read([atena_no], "my-number-match")
    return match


_NOT_ALLOWED = "この業務は個人番号で探せません"


def _admit(using: str, asker: Asker, audit: Recorder, kind: str, business_id: str, reason: str) -> None:
    reason = reason or too_many(using=using, system=asker.system, personal_id=asker.personal_id, at=asker.at)
    if reason:
        _write(using, asker, kind, business_id, NumberQuestion.Outcome.REFUSED)
        audit.event(EventKind.REFUSED, f"個人番号による{NumberQuestion.Kind(kind).label}", reason=reason)
        raise NotAsked(reason)


def _note(using: str, asker: Asker, kind: str, business_id: str, *, found: bool) -> None:
    outcome = NumberQuestion.Outcome.FOUND if found else NumberQuestion.Outcome.NONE
    _write(using, asker, kind, business_id, outcome)


def _write(using: str, asker: Asker, kind: str, business_id: str, outcome: str) -> None:
    NumberQuestion.objects.using(using).create(
        at=asker.at,
        kind=kind,
        system=asker.system[:30],
        business_id=business_id,
        personal_id=asker.personal_id[:20],
        outcome=outcome,
    )
