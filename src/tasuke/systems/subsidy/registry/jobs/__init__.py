"""Batch jobs of the area `registry`; importing this package registers them."""
