"""Batch jobs of the area `entitlements`; importing this package registers them."""
