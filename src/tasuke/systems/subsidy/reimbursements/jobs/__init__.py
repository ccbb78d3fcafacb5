"""Batch jobs of the area `reimbursements`; importing this package registers them."""

from tasuke.systems.subsidy.reimbursements.jobs import (
    decide_reimbursements,
    import_receipts,
    issue_reimbursement_notices,
)

__all__ = ["decide_reimbursements", "import_receipts", "issue_reimbursement_notices"]
