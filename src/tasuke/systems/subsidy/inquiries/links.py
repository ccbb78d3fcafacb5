"""The systems that this area asks."""

from tasuke.contracts.kit import Link
from tasuke.platform.transport.links import is_bound, link_to

CONSUMER = "subsidy"
BUSINESS_ID = "900"  # 独自施策システム等ID of 医療費助成 in this installation


def gateway() -> Link:
    """市中間サーバ. Raises NotBound where an installation has none."""
    return link_to("gateway", consumer=CONSUMER)


def gateway_is_there() -> bool:
    """Whether this installation can ask other bodies at all."""
    return is_bound("gateway", consumer=CONSUMER)
