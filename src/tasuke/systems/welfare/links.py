"""The systems that 社会保障宛名 asks."""

from tasuke.contracts.kit import Link
from tasuke.platform.transport.links import link_to

ME = "welfare"
RESIDENT = "resident"
UNIFIED = "unified_id"


def resident() -> Link:
    """個人基本. Raises NotBound where an installation has none."""
    return link_to(RESIDENT, consumer=ME)


def unified_id() -> Link:
    """団体内統合宛名. Raises NotBound where an installation has none."""
    return link_to(UNIFIED, consumer=ME)
