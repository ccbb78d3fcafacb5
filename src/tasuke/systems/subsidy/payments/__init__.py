"""Payments: select, approve, transfer file, notices, lists."""
