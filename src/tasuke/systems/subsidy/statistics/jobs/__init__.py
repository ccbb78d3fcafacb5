"""Batch jobs of the area `statistics`; importing this package registers them."""
