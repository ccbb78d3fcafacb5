"""Screens: a municipality's staff see their own work, the operator sees counts and batches."""
