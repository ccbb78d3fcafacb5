"""応対の記録: a note is written once; a correction takes the place of exactly one other."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tasuke.platform.access import Actor
from tasuke.systems.subsidy.desk.models import ContactNote


class AlreadyCorrected(Exception):
    """Somebody else corrected the note in between. theirs: their correction."""

    def __init__(self, theirs: ContactNote) -> None:
        super().__init__(f"{theirs.recorded_name}が先に訂正しました")
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """What was typed."""

    contact_on: date
    channel: str
    kind: str
    text: str
    follow_up_on: date | None


def add_note(
    *,
    using: str,
    atena_no: str,
    ward_code: str,
    draft: NoteDraft,
    actor: Actor,
    now: datetime,
    corrects: int | None = None,
) -> ContactNote:
    """Write a contact_note. corrects: the note of the same person whose place it takes.

    Raises AlreadyCorrected, ContactNote.DoesNotExist.
    """
    notes = ContactNote.objects.using(using)
    with transaction.atomic(using=using):
        if corrects is not None:
            # the lock lets the second of two corrections see the first
            notes.select_for_update(of=("self",)).get(pk=corrects, atena_no=atena_no)
            if theirs := notes.filter(corrects_id=corrects).first():
                raise AlreadyCorrected(theirs)
        return notes.create(
            atena_no=atena_no,
            ward_code=ward_code,
            contact_on=draft.contact_on,
            channel=draft.channel,
            kind=draft.kind,
            text=draft.text,
            follow_up_on=draft.follow_up_on,
            corrects_id=corrects,
            recorded_at=now,
            recorded_by=actor.personal_id,
            recorded_name=actor.name,
        )
