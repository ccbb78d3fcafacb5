"""The systems of the two documents; none imports another."""
