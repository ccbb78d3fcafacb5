"""償還払い: receipts, decisions, amounts."""
