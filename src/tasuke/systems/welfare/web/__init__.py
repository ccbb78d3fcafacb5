"""Screens of 社会保障宛名."""
