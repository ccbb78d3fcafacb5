"""The first two administrators of an installation: everybody else comes in by their hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.access.services.request_grant import LONGEST_DAYS
from tasuke.platform.accounts.models import OneTimeCode
from tasuke.platform.accounts.services.create_user import create_user
from tasuke.platform.accounts.services.enrol_code import enrol_code
from tasuke.platform.accounts.services.issue_pin import issue_pin
from tasuke.platform.audit import Origin, Recorder

USING = "accounts"
ROLE = "administrator"


class AlreadyFounded(RuntimeError):
    """Somebody has managed rights here before: a way in beside them would be a back door."""


class TwoPeopleNeeded(ValueError):
    """One administrator could approve nothing."""


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """What is handed to one of the two, once."""

    personal_id: str
    name: str
    pin: str
    secret: str


def found_administration(*, people: Sequence[tuple[str, str]], by: str, at: datetime) -> list[FirstAdministrator]:
    """Create them. people: personal id and name of two different persons; each stands for the grant of the other.

    Raises TwoPeopleNeeded, AlreadyFounded (a grant of this role was ever asked for), PersonalIdTaken, ValidationError.
    """
    ids = [personal_id for personal_id, _ in people]
    if len(set(ids)) != 2 or by in ids:
        raise TwoPeopleNeeded("設置する人とは別の、二人の管理者が要ります")
    with transaction.atomic(using=USING):
        if Grant.objects.using(USING).filter(role=ROLE).exists():
            raise AlreadyFounded("管理者はすでにいます。画面から登録してください")
        made = [_first(personal_id, name, by=by, at=at) for personal_id, name in people]
        for personal_id, other in zip(ids, reversed(ids), strict=True):
            _grant(personal_id, other, by=by, at=at)
        recorder = Recorder(Origin(personal_id=by, at=at, action="found-administration", screen="cli.accounts"))
        recorder.event("administration-founded", "、".join(ids))
        recorder.flush(USING)
    return made


def _first(personal_id: str, name: str, *, by: str, at: datetime) -> FirstAdministrator:
    user = create_user(personal_id=personal_id, name=name, office="", start=at.date(), end=None, by=by, at=at)
    pin = issue_pin(user=user)
    enrolment = enrol_code(user=user, by=by, at=at)
    # nobody could show the QR code and take the first code yet: the secret is typed from the paper
    OneTimeCode.objects.using(USING).filter(user=user).update(confirmed_at=at)
    return FirstAdministrator(personal_id, name, pin, enrolment.secret)


def _grant(personal_id: str, other: str, *, by: str, at: datetime) -> None:
    Grant.objects.using(USING).create(
        user_id=personal_id,
        role=ROLE,
        valid=DateRange(at.date(), at.date() + timedelta(days=LONGEST_DAYS)),
        state=GrantState.APPROVED,
        reason="設置",
        requested_at=at,
        requested_by=by,
        decided_at=at,
        decided_by=other,
    )
