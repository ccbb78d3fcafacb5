"""Resident distribution (個人基本)."""
