"""Whom 中間サーバー asks: the national side, for each municipality as itself."""

from tasuke.contracts.kit import Link
from tasuke.platform.transport.links import link_to


def national(body: str) -> Link:
    """The way of one municipality to the interface system. Raises NotBound."""
    return link_to("nis", consumer=f"midserver:{body}")
