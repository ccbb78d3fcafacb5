"""What can be done to people, their PINs, codes, sessions and terminals: one operation per file."""
