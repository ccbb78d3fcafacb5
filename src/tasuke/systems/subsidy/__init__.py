"""医療助成システム / 医療費助成システム. Areas: registry → entitlements → certificates → claims → reimbursements → payments → statistics."""
