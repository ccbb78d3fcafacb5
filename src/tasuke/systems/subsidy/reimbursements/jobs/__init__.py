"""Batch jobs of the area `reimbursements`; importing this package registers them."""
