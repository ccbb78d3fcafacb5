"""The systems that this area asks."""

from tasuke.contracts.kit import Link
from tasuke.platform.transport.links import is_bound, link_to

CONSUMER = "subsidy"
WELFARE = "welfare"


def welfare() -> Link:
    """社会保障宛名. Raises NotBound where an installation has none (it imports files instead)."""
    return link_to(WELFARE, consumer=CONSUMER)


def welfare_is_there() -> bool:
    """Whether changes come by the link."""
    return is_bound(WELFARE, consumer=CONSUMER)
