"""Figures: ours, and a peer or a limit of the machine measured in the same run, and the ratio. Never a timed test."""
