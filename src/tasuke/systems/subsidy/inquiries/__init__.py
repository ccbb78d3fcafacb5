"""情報照会: what the city may ask other bodies through the gateway, and what becomes of the answers."""
