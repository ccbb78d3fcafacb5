"""Batch jobs of the area `certificates`; importing this package registers them."""

from tasuke.systems.subsidy.certificates.jobs import import_entitlements, issue_certificates, issue_notices

__all__ = ["import_entitlements", "issue_certificates", "issue_notices"]
