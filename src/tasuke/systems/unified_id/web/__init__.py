"""Screens of 団体内統合宛名."""
