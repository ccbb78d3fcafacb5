"""For tests of screens: a browser that is signed in with a role. The sign-in itself has tests of its own."""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils.module_loading import import_string

from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.purposes import Purpose
from tasuke.platform.access.screen import PURPOSE_KEY
from tasuke.platform.accounts.models import User
from tasuke.platform.accounts.sessions import SEEN, SINCE, TERMINAL, session_hash

USING = "accounts"
LONG_AGO = date(2020, 1, 1)


def signed_in(
    role: str,
    *,
    offices: Iterable[str] | None = None,
    schemes: Iterable[str] | None = None,
    personal_id: str | None = None,
    purpose: Purpose | None = Purpose.COUNTER,
    client: Client | None = None,
) -> Client:
    """A client of a person who holds this role (offices and schemes: None = all). Needs databases "accounts".

    personal_id: default `test-<role>`; a person who is there already gets the role in addition.
    """
    moment: datetime = import_string(settings.OFFICE_CLOCK)()
    user = make_user(personal_id or f"test-{role.replace('_', '-')}"[:20], at=moment)
    make_grant(user, role, offices=offices, schemes=schemes, at=moment)
    browser = client or Client()
    browser.force_login(user, backend="tasuke.platform.accounts.backends.PersonalIdBackend")
    session = browser.session
    session.update({SEEN: moment.timestamp(), SINCE: moment.timestamp(), TERMINAL: ""})
    if purpose is not None:
        session[PURPOSE_KEY] = purpose.value
    session.save()
    User.objects.using(USING).filter(pk=user.pk).update(session_hash=session_hash(session.session_key))
    return browser


def make_user(personal_id: str, *, at: datetime, office: str = "", name: str = "試験 職員") -> User:
    """A person who works here, without PIN and code."""
    defaults = {
        "name": name,
        "office": office,
        "active": DateRange(LONG_AGO, None),
        "created_at": at,
        "created_by": "test-setup",
        "must_change_pin": False,
    }
    user, _ = User.objects.using(USING).get_or_create(personal_id=personal_id, defaults=defaults)
    return user


def make_grant(
    user: User,
    role: str,
    *,
    at: datetime,
    offices: Iterable[str] | None = None,
    schemes: Iterable[str] | None = None,
    start: date = LONG_AGO,
    end: date | None = None,
) -> Grant:
    """An approved grant."""
    return Grant.objects.using(USING).create(
        user=user,
        role=role,
        offices=None if offices is None else sorted(offices),
        schemes=None if schemes is None else sorted(schemes),
        valid=DateRange(start, end),
        state=GrantState.APPROVED,
        reason="試験",
        requested_at=at,
        requested_by="test-setup",
        decided_at=at,
        decided_by="test-approver",
    )
