"""Unified person numbers (団体内統合宛名)."""
