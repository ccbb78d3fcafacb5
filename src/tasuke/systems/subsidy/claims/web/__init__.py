"""Screens of claims."""
