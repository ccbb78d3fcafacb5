"""One operation per file."""
