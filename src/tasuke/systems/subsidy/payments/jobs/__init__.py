"""Batch jobs of the area `payments`; importing this package registers them."""

from tasuke.systems.subsidy.payments.jobs import select_payments, write_transfers

__all__ = ["select_payments", "write_transfers"]
