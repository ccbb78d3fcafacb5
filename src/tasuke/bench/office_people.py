"""Clerks of the bench: half of them limited to a ward, each with questions about people who are there."""

import hashlib
import random
from collections.abc import Sequence
from typing import Any

from tasuke.bench.office_users import Clerk

_PIN = "bench-office-pin"
_OF_EACH = 40  # persons of whom one clerk asks
_PEOPLE = """
SELECT r.atena_no, r.name, r.name_kana, r.birth_date, r.phone, n.recipient_no, r.ward_code
FROM subsidy_recipient_number n
JOIN subsidy_resident_record r ON r.atena_no = n.atena_no AND r.recorded_to IS NULL AND upper_inf(r.valid)
WHERE r.resident_status = '1' AND n.id %% %s = 0 ORDER BY n.id
"""


def make_clerks(users: int) -> list[Clerk]:
    """People with PIN, code and grant in the database; every second one works in one ward only."""
    from tasuke.systems.subsidy.profile import active_profile

    wards = [ward.code for ward in active_profile().wards]
    people = _people()
    clerks = []
    for place in range(users):
        ward = wards[place // 2 % len(wards)] if place % 2 else None
        mine = [p for p in people if ward is None or p[6] == ward]
        chance = random.Random(place)  # noqa: S311
        asked = chance.sample(mine, min(_OF_EACH, len(mine)))
        clerks.append(_clerk(f"bench-{place:02}", ward, asked))
    return clerks


def _people() -> list[tuple[Any, ...]]:
    from django.db import connections

    with connections["subsidy"].cursor() as cursor:
        cursor.execute("SELECT count(*) / 20000 + 1 FROM subsidy_recipient_number")
        cursor.execute(_PEOPLE, [cursor.fetchall()[0][0]])
        return list(cursor.fetchall())


def _clerk(personal_id: str, ward: str | None, people: Sequence[tuple[Any, ...]]) -> Clerk:
    from tasuke.deploy.clock import now
    from tasuke.platform.access.testing import make_grant, make_user
    from tasuke.platform.accounts.models import OneTimeCode, User
    from tasuke.platform.accounts.services.change_pin import change_pin
    from tasuke.platform.accounts.services.enrol_code import enrol_code

    moment, secret = now(), hashlib.sha256(personal_id.encode()).digest()[:20]
    there = User.objects.using("accounts").filter(personal_id=personal_id).exists()
    user = make_user(personal_id, at=moment, name="計測 職員")
    if not there:
        make_grant(user, "reviewer", at=moment, offices=None if ward is None else [ward])
        change_pin(user=user, pin=_PIN)
    enrol_code(user=user, by="bench", at=moment, secret=secret)
    OneTimeCode.objects.using("accounts").filter(user=user).update(confirmed_at=moment)
    questions = [question for person in people for question in _questions(person)]
    return Clerk(personal_id, _PIN, secret, questions, [person[0] for person in people])


def _questions(person: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Every way in which a clerk may ask for one person."""
    number, name, kana, birth, phone, recipient_no, _ = person
    asked = [
        ("atena", number),
        ("kana", kana),
        ("kanji", name),
        ("family name", name.split("　")[0].split(" ")[0]),
        ("birth", f"{birth:%Y-%m-%d}"),
        ("name and birth", f"{kana.split('　')[0].split(' ')[0]} {birth:%Y-%m-%d}"),
        ("recipient", recipient_no),
        ("phone", phone),
    ]
    return [(kind, text) for kind, text in asked if text]
