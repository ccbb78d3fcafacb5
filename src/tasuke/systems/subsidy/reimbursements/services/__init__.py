"""Operations of the area `reimbursements`, one public function per file."""
