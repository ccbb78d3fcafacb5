"""What this installation runs on, to read: offices, roles, papers, rules with their sources, days of the bank."""
