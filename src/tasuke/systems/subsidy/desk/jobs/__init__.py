"""Batch jobs of the desk; importing this package registers them."""

from tasuke.systems.subsidy.desk.jobs import match_applications

__all__ = ["match_applications"]
