"""What can be done at the stand-in, one operation per file."""
