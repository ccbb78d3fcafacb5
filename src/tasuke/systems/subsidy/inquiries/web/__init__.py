"""Screens of inquiries."""
