"""Give a security key of one's own another name."""

from datetime import datetime

from tasuke.platform.accounts.models import SecurityKey

USING = "accounts"


def rename_key(*, key_id: int, personal_id: str, label: str, at: datetime) -> bool:
    """Rename. False when this person has no such key (any more)."""
    keys = SecurityKey.objects.using(USING).of_person(personal_id).kept_at(at)
    return bool(keys.filter(pk=key_id).update(label=label))
