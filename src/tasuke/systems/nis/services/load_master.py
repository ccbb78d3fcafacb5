"""Take over the list of permissions from its file."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from tasuke.systems.nis.directory import raise_version
from tasuke.systems.nis.master import read_permissions
from tasuke.systems.nis.models import Permission, Version
from tasuke.systems.nis.settings_holder import USING


def load_master(*, at: datetime, path: Path | None = None, using: str = USING) -> int:
    """Replace the list by that of the file, when it is another one; gives the master's version.

    The file keeps former rows with their dates: what was permitted on an earlier day stays known. Raises
    MasterUnusable.
    """
    digest, listed = read_permissions(path)
    with transaction.atomic(using=using):
        known = Version.objects.using(using).filter(name="master").first()
        if known is not None and known.content_sha256 == digest:
            return known.version
        Permission.objects.using(using).all().delete()
        Permission.objects.using(using).bulk_create(
            Permission(**one.row.model_dump(), source=one.source) for one in listed
        )
        return raise_version("master", using=using, at=at, content_sha256=digest)
