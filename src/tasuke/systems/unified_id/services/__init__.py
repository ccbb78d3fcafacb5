"""One operation per file: register, show, match, merge, permit."""
