"""Pages that every system with an outbox or an API has."""
