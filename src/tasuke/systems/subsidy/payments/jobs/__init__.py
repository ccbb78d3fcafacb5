"""Batch jobs of the area `payments`; importing this package registers them."""

from tasuke.systems.subsidy.payments.jobs import import_banks, import_transfer_results, select_payments, write_transfers

__all__ = ["import_banks", "import_transfer_results", "select_payments", "write_transfers"]
