"""庁内移転: what other departments of the city may have of a scheme, with a permit, on record."""
