"""Batch jobs of the area `claims`; importing this package registers them."""
