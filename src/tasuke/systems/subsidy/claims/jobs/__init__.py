"""Batch jobs of the area `claims`; importing this package registers them."""

from tasuke.systems.subsidy.claims.jobs import import_claims, import_returns, list_paid_after_loss

__all__ = ["import_claims", "import_returns", "list_paid_after_loss"]
