"""People with what they may do, as the screens of the administrators show them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from tasuke.platform.access.models import Grant
from tasuke.platform.accounts.models import OneTimeCode, SecurityKey, User
from tasuke.platform.accounts.services.release_lock import is_locked, locked_ids

USING = "accounts"
PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Person:
    """One person. coded: an authenticator is confirmed; grants: of the list those in force, of one person all."""

    user: User
    works: bool
    coded: bool
    locked: bool
    grants: list[Grant]


def find_people(*, text: str, after: str, on: date, locked: bool = False) -> list[Person]:
    """Up to 51 people by id, from after `after` on. text: beginning of an id, or part of a name; "" = all.

    locked: only those who are locked out.
    """
    users = User.objects.using(USING).by_id().filter(personal_id__gt=after)
    out = locked_ids()
    if locked:
        users = users.filter(personal_id__in=out)
    if text:
        users = users.filter(Q(personal_id__istartswith=text) | Q(name__contains=text))
    listed = list(users[: PAGE_ROWS + 1])
    ids = [user.personal_id for user in listed]
    coded = coded_ids(ids)
    grants: dict[str, list[Grant]] = {}
    for grant in Grant.objects.using(USING).in_force_on(on).filter(user_id__in=ids).order_by("id"):
        grants.setdefault(str(grant.user_id), []).append(grant)
    return [
        Person(u, u.works_on(on), u.personal_id in coded, u.personal_id in out, grants.get(u.personal_id, []))
        for u in listed
    ]


@dataclass(frozen=True, slots=True)
class Duties:
    """What waits for an administrator. grants: requests that this person may decide; locked: people locked out."""

    grants: int
    locked: int


def duties(*, personal_id: str) -> Duties:
    """Count it; one's own requests and grants are for somebody else to decide."""
    others = Grant.objects.using(USING).waiting().exclude(Q(requested_by=personal_id) | Q(user_id=personal_id))
    known = User.objects.using(USING).filter(personal_id__in=locked_ids())  # attempts may name ids that nobody has
    return Duties(others.count(), known.count())


def coded_ids(ids: list[str] | None = None) -> set[str]:
    """Of these people (None: of all) those who have a confirmed authenticator."""
    rows = OneTimeCode.objects.using(USING).exclude(confirmed_at=None)
    if ids is not None:
        rows = rows.filter(user_id__in=ids)
    return {str(personal_id) for personal_id in rows.values_list("user_id", flat=True)}


def person(*, personal_id: str, on: date) -> Person | None:
    """One person with every grant that was ever asked for, the newest first."""
    user = User.objects.using(USING).filter(personal_id=personal_id).first()
    if user is None:
        return None
    coded = OneTimeCode.objects.using(USING).filter(user=user).exclude(confirmed_at=None).exists()
    grants = list(Grant.objects.using(USING).of_person(personal_id).newest_first())
    return Person(user, user.works_on(on), coded, is_locked(personal_id=personal_id), grants)


def waiting_grants() -> list[Grant]:
    """Requests that nobody has decided, the oldest first, with their people."""
    return list(Grant.objects.using(USING).waiting().select_related("user").order_by("id"))


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A security key as a list shows it. kept: nobody has removed it yet."""

    key: SecurityKey
    kept: bool


def keys_of(*, personal_id: str, at: datetime, removed: bool = True) -> list[KeyLine]:
    """Security keys of a person, the newest first. removed: with those that were removed."""
    listed = SecurityKey.objects.using(USING).of_person(personal_id).newest_first()
    if not removed:
        listed = listed.kept_at(at)
    return [KeyLine(key, key.removed_at is None or key.removed_at > at) for key in listed]
