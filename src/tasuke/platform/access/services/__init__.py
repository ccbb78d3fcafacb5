"""What can be done to grants: one operation per file."""
