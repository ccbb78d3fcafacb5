"""Batch jobs of the area `certificates`; importing this package registers them."""

from tasuke.systems.subsidy.certificates.jobs import issue_certificates, issue_notices

__all__ = ["issue_certificates", "issue_notices"]
