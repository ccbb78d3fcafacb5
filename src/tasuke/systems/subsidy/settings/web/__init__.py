"""Screens of the settings."""
