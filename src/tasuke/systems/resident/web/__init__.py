"""Screens of the resident distribution: none shows anything of a resident."""
