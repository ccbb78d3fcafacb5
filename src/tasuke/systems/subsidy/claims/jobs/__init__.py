"""Batch jobs of the area `claims`; importing this package registers them."""

from tasuke.systems.subsidy.claims.jobs import import_claims

__all__ = ["import_claims"]
