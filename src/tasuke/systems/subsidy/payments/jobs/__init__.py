"""Batch jobs of the area `payments`; importing this package registers them."""
