"""Letters between a municipality and the national side: outbox, inbox, and what each kind of letter does."""
