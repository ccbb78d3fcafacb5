"""Applications, decisions that can be re-run, entitlements and recipient numbers."""
