"""Where the databases are: one per system, on a given server or on the embedded PostgreSQL."""
