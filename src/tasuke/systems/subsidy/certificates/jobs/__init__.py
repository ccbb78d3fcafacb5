"""Batch jobs of the area `certificates`; importing this package registers them."""
