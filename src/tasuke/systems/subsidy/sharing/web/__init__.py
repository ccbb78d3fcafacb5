"""Screens of 庁内移転."""
