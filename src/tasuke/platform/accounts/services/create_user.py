"""Take a person into the list of those who work here."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.platform.accounts.models import User

USING = "accounts"


class PersonalIdTaken(ValueError):
    """Ids are never given to a second person, not even after the first one has left."""


def create_user(
    *, personal_id: str, name: str, office: str, start: date, end: date | None, by: str, at: datetime
) -> User:
    """Create. office: ward code, "" for the head office; end: first day on which the person no longer works here.

    The new person has no PIN, no one-time code and no grant: each is given on its own. Raises PersonalIdTaken and
    django.core.exceptions.ValidationError.
    """
    user = User(
        personal_id=personal_id, name=name, office=office, active=DateRange(start, end), created_at=at, created_by=by
    )
    user.set_unusable_password()
    user.clean_fields(exclude=["password", "session_hash", "session_terminal"])
    try:
        with transaction.atomic(using=USING):
            user.save(using=USING, force_insert=True)
    except IntegrityError as error:
        raise PersonalIdTaken(f"職員ID {personal_id} はすでに使われています") from error
    return user
