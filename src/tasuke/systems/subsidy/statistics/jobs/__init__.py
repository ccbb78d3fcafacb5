"""Batch jobs of the area `statistics`; importing this package registers them."""

from tasuke.systems.subsidy.statistics.jobs import make_statistics

__all__ = ["make_statistics"]
