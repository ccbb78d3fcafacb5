"""配信マスター from the national side: kept by version."""

from datetime import datetime

from tasuke.contracts.interface import Master
from tasuke.systems.midserver.models import MasterVersion
from tasuke.systems.midserver.tenancy import USING


def store_master(*, master: Master, at: datetime, using: str = USING) -> bool:
    """Keep a version; whether it was new. An empty one means that the known version is the newest."""
    if not master.permissions and not master.bodies:
        return False
    _, made = MasterVersion.objects.using(using).get_or_create(
        version=master.version, defaults={"content": master.model_dump(mode="json"), "received_at": at}
    )
    return made
