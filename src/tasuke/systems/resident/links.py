"""The systems to which the distribution pushes."""

from tasuke.contracts.kit import Link
from tasuke.platform.transport.links import is_bound, link_to

ME = "resident"


def consumer_link(system: str) -> Link | None:
    """The way to a consumer, or None for one that only pulls."""
    return link_to(system, consumer=ME) if is_bound(system, consumer=ME) else None
