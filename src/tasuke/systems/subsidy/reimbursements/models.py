"""Tables of the area `reimbursements`."""
