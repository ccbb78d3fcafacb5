"""A security key that is lost, given back or not wanted opens nothing any more."""

from datetime import datetime

from tasuke.platform.accounts.models import SecurityKey

USING = "accounts"


def remove_key(*, key_id: int, personal_id: str, by: str, at: datetime) -> bool:
    """Remove one key of this person; the row stays for the auditor. False when there is no such key (any more)."""
    keys = SecurityKey.objects.using(USING).of_person(personal_id).kept_at(at)
    return bool(keys.filter(pk=key_id).update(removed_at=at, removed_by=by))


def remove_all_keys(*, personal_id: str, by: str, at: datetime) -> int:
    """Remove all keys of a person from `at` on, which may lie ahead (a retirement). Gives how many it concerns."""
    keys = SecurityKey.objects.using(USING).of_person(personal_id).kept_at(at)
    return keys.update(removed_at=at, removed_by=by)
