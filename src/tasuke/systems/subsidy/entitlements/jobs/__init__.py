"""Batch jobs of the area `entitlements`; importing this package registers them."""

from tasuke.systems.subsidy.entitlements.jobs import decide_applications, import_applications

__all__ = ["decide_applications", "import_applications"]
