"""Welfare registry (社会保障宛名)."""
