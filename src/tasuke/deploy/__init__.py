"""Composition root: settings, and the profiles of the municipalities that ship with the program."""
