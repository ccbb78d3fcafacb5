"""An operator stops or starts the stand-in."""

from datetime import datetime

from django.db import transaction

from tasuke.systems.nis.models import ServiceSwitch
from tasuke.systems.nis.opening import is_down
from tasuke.systems.nis.settings_holder import USING


class NothingToSwitch(ValueError):
    """The service is in that state already."""


def switch_service(*, down: bool, by: str, at: datetime, note: str = "", using: str = USING) -> None:
    """Stop (down) or start the service. note: why, for the record. Raises NothingToSwitch."""
    with transaction.atomic(using=using):
        if is_down(using=using) == down:
            raise NothingToSwitch("すでに停止しています" if down else "すでに動いています")
        ServiceSwitch.objects.using(using).create(at=at, by=by, down=down, note=note[:200])
