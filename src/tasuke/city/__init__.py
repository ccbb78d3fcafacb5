"""A synthetic city at any size. It writes the files that a real city would send, and knows no system."""
