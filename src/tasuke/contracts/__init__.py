"""What systems say to each other: frozen messages, operations and their scopes. Pure: no transport, no database."""
