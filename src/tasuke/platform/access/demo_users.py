"""Put the people of the demo into the database of a fictitious city. Never in a real one."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from tasuke.platform.access.demo_people import DEMO_PIN, PEOPLE, DemoUser, demo_people, secret_of
from tasuke.platform.access.models import Grant, GrantState
from tasuke.platform.accounts.models import OneTimeCode, User
from tasuke.platform.accounts.services.change_pin import change_pin
from tasuke.platform.accounts.services.create_user import create_user
from tasuke.platform.accounts.services.enrol_code import enrol_code

USING = "accounts"
_START, _SETTER, _APPROVER = date(2020, 4, 1), "demo-setup", "demo-setup-2"


class NotFictitious(RuntimeError):
    """People whose PIN everybody knows are made for a fictitious city only."""


def create_demo_users(
    *, fictitious: bool, wards: Sequence[str], at: datetime, municipality: str = "", neighbour: str = ""
) -> list[DemoUser]:
    """Create who is missing; who is there stays as they are. Raises NotFictitious for a real city.

    wards: codes in the order of the profile; the clerk works in the first one. municipality: the city's code, to which
    its staff at 中間サーバー is limited; neighbour: the same of the city that is asked.
    """
    if not fictitious:
        raise NotFictitious("架空でない市に、PIN の知られた利用者は作りません")
    with transaction.atomic(using=USING):
        codes = {"": "", "ward": wards[0] if wards else "", "municipality": municipality, "neighbour": neighbour}
        for personal_id, name, role, limited in PEOPLE:
            user = User.objects.using(USING).filter(personal_id=personal_id).first()
            if user is None:
                _create(personal_id, name, role, codes[limited], at)
            elif not OneTimeCode.objects.using(USING).filter(user=user).exists():
                _enrol(user, at)
    return demo_people()


def _create(personal_id: str, name: str, role: str, office: str, at: datetime) -> None:
    user = create_user(personal_id=personal_id, name=name, office=office, start=_START, end=None, by=_SETTER, at=at)
    change_pin(user=user, pin=DEMO_PIN)
    _enrol(user, at)
    Grant.objects.using(USING).create(
        user=user,
        role=role,
        offices=[office] if office else None,
        valid=(_START, None),
        state=GrantState.APPROVED,
        reason="架空の市の見本",
        requested_at=at,
        requested_by=_SETTER,
        decided_at=at,
        decided_by=_APPROVER,
    )


def _enrol(user: User, at: datetime) -> None:
    enrol_code(user=user, by=_SETTER, at=at, secret=secret_of(user.personal_id))
    OneTimeCode.objects.using(USING).filter(user=user).update(confirmed_at=at)
