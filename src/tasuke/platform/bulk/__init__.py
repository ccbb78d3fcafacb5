"""Columns in and out of PostgreSQL by COPY, inside the caller's transaction. Never the ORM row by row."""

from tasuke.platform.bulk.copy import CopyMismatch, copy_in, copy_out, daterange_expr, staging, upsert_new

__all__ = ["CopyMismatch", "copy_in", "copy_out", "daterange_expr", "staging", "upsert_new"]
