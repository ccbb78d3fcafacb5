"""応対記録."""

from datetime import datetime

from tasuke.systems.welfare.models import ContactNote


def add_note(*, using: str, atena_no: str, channel: str, text: str, by: str, office: str, at: datetime) -> ContactNote:
    """Keep who spoke with whom about what; it is never changed afterwards."""
    return ContactNote.objects.using(using).create(
        atena_no=atena_no, at=at, by=by, office=office, channel=channel, text=text.strip()
    )
