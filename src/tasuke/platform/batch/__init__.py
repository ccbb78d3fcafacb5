"""Runs: plan, approval by a second person, apply in chunks that commit one by one; a killed run resumes."""
