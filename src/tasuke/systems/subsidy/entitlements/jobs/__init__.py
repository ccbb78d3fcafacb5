"""Batch jobs of the area `entitlements`; importing this package registers them."""

from tasuke.systems.subsidy.entitlements.jobs import (
    apply_changes,
    decide_applications,
    import_applications,
    reconcile,
    renew,
)

__all__ = ["apply_changes", "decide_applications", "import_applications", "reconcile", "renew"]
