"""Screens of reimbursements."""
