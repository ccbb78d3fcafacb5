"""Screens of certificates."""
